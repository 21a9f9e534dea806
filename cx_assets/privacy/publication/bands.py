"""Ages in bands: what is published in place of birth dates, for files of roles and figures."""

STEP, WIDE, LAST = 10, 20, 80
UNKNOWN = "(unknown)"


def band(age: int, step: int = STEP) -> str:
    """`30-39`; from `LAST` on there is one band."""
    start = min(age, LAST) // step * step
    return f"{LAST}+" if start >= LAST else f"{start}-{start + step - 1}"


def band_sql(age: str, step: int = STEP) -> str:
    """The band of an age expression, as SQL; `(unknown)` of null."""
    start = f"cast(floor(greatest({age}, 0) / {step}) * {step} as integer)"
    return (
        f"case when {age} is null then '{UNKNOWN}' when {age} >= {LAST} then '{LAST}+' "
        f"else {start} || '-' || ({start} + {step - 1}) end"
    )


# The bands of STEP years in each band of WIDE years.
BANDS = {
    **{
        band(first, WIDE): tuple(
            dict.fromkeys(map(band, range(first, min(first + WIDE, LAST + 1))))
        )
        for first in range(0, LAST + 1, WIDE)
    },
    UNKNOWN: (UNKNOWN,),
}
