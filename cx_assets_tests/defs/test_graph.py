"""The whole asset graph as one page: whoever changes it sees what changed, and commits that too."""

from pathlib import Path

import dagster as dg

from cx_assets_tests.e2e.graph import definitions

SNAPSHOT = Path(__file__).with_name("graph.txt")


def described() -> str:
    graph = definitions().resolve_asset_graph()
    checks: dict[dg.AssetKey, list[str]] = {}
    for check in sorted(graph.asset_check_keys, key=lambda key: key.name):
        checks.setdefault(check.asset_key, []).append(check.name)
    lines = []
    for key in sorted(graph.get_all_asset_keys()):
        node = graph.get(key)
        lines += [
            f"{key.to_user_string()}  [{node.group_name}; {', '.join(sorted(node.kinds))}]",
            *(f"    reads {parent.to_user_string()}" for parent in sorted(node.parent_keys)),
            *(f"    check {name}" for name in checks.get(key, [])),
        ]
    return "\n".join(lines) + "\n"


def test_the_graph_is_the_one_that_was_agreed_on() -> None:
    now = described()
    if not SNAPSHOT.exists() or SNAPSHOT.read_text() != now:
        SNAPSHOT.with_suffix(".new").write_text(now)
    assert now == SNAPSHOT.read_text(), (
        f"the graph changed; if that was meant, move {SNAPSHOT.with_suffix('.new').name} "
        f"to {SNAPSHOT.name} and commit it"
    )


def test_every_asset_follows_the_rules_of_the_house() -> None:
    graph = definitions().resolve_asset_graph()
    for key in graph.get_all_asset_keys():
        node = graph.get(key)
        assert node.group_name == key.path[0], f"{key}: the group is the stage"
        assert node.partitions_def is not None, f"{key}: one grain for all"
        assert node.backfill_policy == dg.BackfillPolicy.single_run(), key
        assert node.pools == {"warehouse"}, f"{key}: one pool for all"
        assert node.description, key
        assert node.owners, key
        assert node.code_version, key


def test_no_arrow_runs_from_personalize_back() -> None:
    graph = definitions().resolve_asset_graph()
    stages = ["collect", "process", "features", "analyze", "feedback", "insight", "personalize"]
    for key in graph.get_all_asset_keys():
        for parent in graph.get(key).parent_keys:
            assert stages.index(parent.path[0]) <= stages.index(key.path[0]), f"{parent} -> {key}"


def test_the_catalogue_is_full_before_the_first_run() -> None:
    graph = definitions().resolve_asset_graph()
    outboxes = {dg.AssetKey(["personalize", name]) for name in ("outbox", "survey_outbox")}
    for key in graph.get_all_asset_keys() - outboxes:
        metadata = graph.get(key).metadata
        columns = metadata["dagster/column_schema"].columns
        assert all(column.type and column.description for column in columns), key
        assert metadata["dagster/table_name"] == f"warehouse.{'.'.join(key.path)}"
    lineage = graph.get(dg.AssetKey(["analyze", "clv"])).metadata["dagster/column_lineage"]
    assert (
        dg.TableColumnDep(
            asset_key=dg.AssetKey(["features", "customer_features"]), column_name="profit"
        )
        in (lineage.deps_by_column["clv_formula"])
    )
