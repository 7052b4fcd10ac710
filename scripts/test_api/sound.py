"""Sound bodies, rows and files: what no generator hits upon."""

import io
import json
import pathlib
import zipfile

MODELS = pathlib.Path(__file__).resolve().parent.parent.parent / "models"
KINDS = ("annual", "quarterly")
RATIOS = {
    "annual": {
        "long_term_debt_to_total_capital": 25.5, "total_debt_to_ebitda": 2.3, "net_income_margin": 8.2,
        "ebit_to_interest_expense": 12.5, "return_on_assets": 6.8,
    },
    "quarterly": {
        "total_debt_to_ebitda": 2.8, "sga_margin": 15.3, "long_term_debt_to_total_capital": 28.7,
        "return_on_capital": 12.4,
    },
}
PERIODS = {"annual": {"reporting_year": "2023"}, "quarterly": {"reporting_year": "2023", "reporting_quarter": "Q3"}}
SCALE = {
    "grades": [{"grade": "A", "upper": 0.004}, {"grade": "B", "upper": 0.02}, {"grade": "C", "upper": None}],
    "note": "Three are enough",
}


def prediction(kind, symbol):
    company = {"company_symbol": symbol, "company_name": "Some Company", "market_cap": 1200.5, "sector": "Energy"}
    return company | PERIODS[kind] | RATIOS[kind]


def rows(kind, symbol, number=1):
    """A CSV file with so many rows, and one more that is refused because it comes twice."""
    lines = [prediction(kind, f"{symbol}{n or ''}") for n in [*range(number), 0]]
    text = [",".join(lines[0]), *(",".join(map(str, line.values())) for line in lines)]
    return "\n".join(text).encode()


def archive(kind, version):
    """The shipped model under another version: the archive of a model that is not there yet."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in sorted((MODELS / kind).iterdir()):
            content = file.read_bytes()
            if file.name == "manifest.json":
                content = json.dumps(json.loads(content) | {"version": version}).encode()
            archive.writestr(file.name, content)
    return made.getvalue()


def form(name, content, boundary):
    """A multipart form with one file."""
    head = f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n\r\n'
    return head.encode() + content + f"\r\n--{boundary}--\r\n".encode()
