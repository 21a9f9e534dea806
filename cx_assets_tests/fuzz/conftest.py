from cx_assets_tests.landing.conftest import zone

__all__ = ["zone"]
