"""Where tables live. Assets speak to `Warehouse` and `Session`, never to an engine itself."""

from cx_assets.warehouse.interface import (
    SchemaRefused,
    Session,
    Warehouse,
    WarehouseLocked,
)

__all__ = ["SchemaRefused", "Session", "Warehouse", "WarehouseLocked"]
