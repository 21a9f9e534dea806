import gzip
from pathlib import Path

import pytest

from cx_assets.landing.files import Unreadable
from cx_assets.privacy.erasure.landing_text import Lines, rewrite, scanned
from cx_assets.privacy.erasure.needles import Needle, replaced

ANNA = Needle("email", "anna@x.com")
BOM = b"\xef\xbb\xbf"


def mask(text: str) -> str:
    return replaced(text, [ANNA])


def is_free(column: str) -> bool:
    return column == "text"


def left(path: Path, data: bytes, *lines: Lines) -> bytes:
    path.write_bytes(data)
    rewrite(path, lines, mask, is_free)
    return path.read_bytes()


def test_csv_lines_go_and_texts_are_masked_in_their_column_only(tmp_path: Path) -> None:
    data = (
        BOM + b'id,mail,text\r\n1,anna@x.com,"a ""q"", anna@x.com\r\n\r\nend"\r\n\r\n'
        b"2,anna@x.com,go\r\n3,b,last"
    )
    expected = BOM + b'id,mail,text\r\n1,anna@x.com,"a ""q"", [erased]\r\n\r\nend"\r\n\r\n3,b,last'
    path = tmp_path / "a.csv"
    assert left(path, data, Lines(2, 6, masked=True), Lines(6, 7)) == expected
    assert left(path, data, Lines(7, None)) == data.removesuffix(b"3,b,last")


def test_json_keeps_its_spaces_escapes_and_order(tmp_path: Path) -> None:
    data = (
        BOM + b'{"mail":"anna@x.com"}\n'
        b'{ "Text" : "\\u00e9 \\nanna@x.com" , "mail":"anna@x.com", "n": [1, {"text": '
        b'"anna@x.com"}]}\n'
        b"not json anna@x.com\n"
    )
    expected = (
        BOM + b'{ "Text" : "\\u00e9 \\n[erased]" , "mail":"anna@x.com", "n": [1, {"text": '
        b'"anna@x.com"}]}\nnot json [erased]\n'
    )
    lines = (Lines(1, 2), Lines(2, 3, masked=True), Lines(3, None, masked=True))
    assert left(tmp_path / "a.jsonl", data, *lines) == expected


def test_a_file_without_rows_is_a_blank_line_and_no_error(tmp_path: Path) -> None:
    assert left(tmp_path / "a.jsonl", b'{"id":1}\n', Lines(1, None)) == b"\n"


def test_gzip_stays_gzip_and_a_damaged_one_stays(tmp_path: Path) -> None:
    path = tmp_path / "a.csv.gz"
    packed = left(path, gzip.compress(b"id,text\n1,a\n2,b\n"), Lines(2, 3))
    assert gzip.decompress(packed) == b"id,text\n2,b\n"
    path.write_bytes(cut := gzip.compress(b"id,text\n1,a\n" * 99)[:-9])
    with pytest.raises(Unreadable, match="cut off"):
        rewrite(path, [Lines(2, 3)], mask, is_free)
    assert path.read_bytes() == cut
    assert [one.name for one in tmp_path.iterdir() if one.name.startswith(".")] == []


def test_lines_are_counted_over_blocks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cx_assets.privacy.erasure.landing_text.BLOCK_BYTES", 7)
    path = tmp_path / "a.csv"
    path.write_bytes(b"id,text\r\n1,\n\n2,hi anna@x.com\nx\nanna@x.com")
    assert scanned(path, [ANNA]) == {4: [ANNA], 6: [ANNA]}


def test_a_link_stays_and_its_target_is_replaced(tmp_path: Path) -> None:
    target, link = tmp_path / "real.csv", tmp_path / "a.csv"
    target.write_bytes(b"id,text\n1,a\n")
    link.symlink_to(target)
    rewrite(link, [Lines(2, 3)], mask, is_free)
    assert link.is_symlink()
    assert target.read_bytes() == b"id,text\n"
