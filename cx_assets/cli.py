"""The command `cx`: bring data in, build everything, look at the scorecard."""

import os
from collections.abc import Callable
from pathlib import Path

import click

from cx_assets.cli_keeping import backup, doctor, restore
from cx_assets.cli_privacy import erase, reveal, rotate_keys
from cx_assets.cli_publish import publish
from cx_assets.owner_only import keep_to_owner
from cx_assets.settings import Settings, SettingsError


class _Sentences(click.Group):
    """Errors that a person can act on are printed as one sentence, without a traceback."""

    def invoke(self, ctx: click.Context) -> object:
        from cx_assets.importers import NotThatDataSet

        try:
            return super().invoke(ctx)
        except (NotThatDataSet, SettingsError) as error:
            raise click.ClickException(str(error)) from error
        except (click.exceptions.Exit, click.Abort):
            raise
        except Exception as error:
            from cx_assets import disk

            if sentence := disk.problem(error, Settings.from_env().home):
                raise click.ClickException(sentence) from error
            raise


@click.group(cls=_Sentences, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="cx-assets")
def main() -> None:
    """What do our customers feel, what are they worth, what to do for each, and did it work?

    Everything a command writes is below $CX_HOME (default: .cx in the project).
    """
    keep_to_owner()


for command in (backup, restore, doctor, erase, publish, reveal, rotate_keys):
    main.add_command(command)


@main.group(name="import")
def import_() -> None:
    """Turn a public data set's own files into landing files."""


consent_option = click.option(
    "--assume-consent", is_flag=True, help="Take everybody to have agreed to all, for a trial."
)


def _import(
    convert: Callable[[Path, Path, bool], object], path: Path, assume_consent: bool
) -> None:
    settings = Settings.from_env()
    click.echo(str(convert(path.expanduser(), settings.landing, assume_consent)))
    click.echo(f"\nThe files are in {settings.landing}. Next: materialise the periods they cover.")


@import_.command(name="online-retail")
@click.argument("path", type=click.Path(path_type=Path))
@consent_option
def online_retail(path: Path, assume_consent: bool) -> None:
    """UCI Online Retail: the .xlsx as UCI has it, or a .csv or .parquet of it.

    \b
    Example:
      cx import online-retail "~/Downloads/Online Retail.xlsx"
      CX_FIRST_PERIOD=2010-12-01 CX_LAST_PERIOD=2011-12-01 dg launch --job whole_loop \\
        --partition-range 2010-12-01...2011-12-01
    """
    from cx_assets.importers import import_online_retail

    _import(import_online_retail, path, assume_consent)


@import_.command()
@click.argument("folder", type=click.Path(path_type=Path))
@consent_option
def olist(folder: Path, assume_consent: bool) -> None:
    """Olist, the Brazilian shop: the folder of .csv files as Kaggle has it.

    \b
    Example:
      cx import olist ~/Downloads/olist
    """
    from cx_assets.importers import import_olist

    _import(import_olist, folder, assume_consent)


@import_.command()
@click.argument("path", type=click.Path(path_type=Path))
@consent_option
def cdnow(path: Path, assume_consent: bool) -> None:
    """CDNOW: CDNOW_master.txt, or the 1/10 sample CDNOW_sample.txt.

    \b
    Example:
      cx import cdnow ~/Downloads/CDNOW_master.txt
    """
    from cx_assets.importers import import_cdnow

    _import(import_cdnow, path, assume_consent)


@main.command()
@click.option("--customers", default=3_000, show_default=True, help="Customers in the sample.")
@click.option("--seed", default=7, show_default=True, help="Another seed, another world.")
def demo(customers: int, seed: int) -> None:
    """Make sample data, build every table of every period, print the scorecard.

    The periods are those of CX_FIRST_PERIOD and CX_LAST_PERIOD. A second demo on the same data
    changes nothing.

    \b
    Example:
      CX_LAST_PERIOD=2025-06-01 cx demo
    """
    from cx_assets import demo as demonstration

    demonstration.run(Settings.from_env(), customers=customers, seed=seed)


@main.command()
def scorecard() -> None:
    """Print the newest scorecard.

    \b
    Example:
      cx scorecard
    """
    from cx_assets import demo as demonstration

    click.echo(demonstration.scorecard(Settings.from_env()))


@main.command()
def home() -> None:
    """Prepare DAGSTER_HOME and print its path, for dg and dagster.

    \b
    Example:
      DAGSTER_HOME=$(cx home) dg dev
    """
    from cx_assets.instance import prepare_home

    click.echo(prepare_home(Settings.from_env()))


@main.command()
def docs() -> None:
    """Write docs/landing.md, docs/tables.md and docs/roles.md anew, from what the code enforces.

    \b
    Example:
      cx docs
    """
    from cx_assets.landing.docs import landing_docs
    from cx_assets.privacy.publication.roles_docs import roles_docs
    from cx_assets.settings import PROJECT_ROOT
    from cx_assets.tables_docs import tables_docs

    pages = {
        "landing.md": landing_docs(),
        "tables.md": tables_docs(),
        "roles.md": roles_docs(),
    }
    for name, text in pages.items():
        path = PROJECT_ROOT / "docs" / name
        path.write_text(text, encoding="utf-8")
        click.echo(os.path.relpath(path))
