"""Tables of people's own data: CSV, Parquet and NumPy files, matched by column name, in batches."""

from monge.data.tables.base import BATCH_ROWS, Table
from monge.data.tables.frames import frame
from monge.data.tables.opening import READ, open_table
from monge.data.tables.writing import WRITTEN, Write, check_written, write_table

__all__ = [
    "BATCH_ROWS",
    "READ",
    "WRITTEN",
    "Table",
    "Write",
    "check_written",
    "frame",
    "open_table",
    "write_table",
]
