# SPDX-License-Identifier: ISC
"""Reports from Plumbline's result files (SCHEMA.md)."""
