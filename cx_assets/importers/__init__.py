"""Public data sets, as their publishers distribute them, turned into landing files."""

from cx_assets.importers.cdnow import import_cdnow
from cx_assets.importers.files import NotThatDataSet
from cx_assets.importers.olist import import_olist
from cx_assets.importers.online_retail import import_online_retail
from cx_assets.importers.report import Account, Bucket, ImportReport

__all__ = [
    "Account",
    "Bucket",
    "ImportReport",
    "NotThatDataSet",
    "import_cdnow",
    "import_olist",
    "import_online_retail",
]
