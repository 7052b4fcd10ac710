#!/usr/bin/env python3
"""Writes the corpus that fuzzing and the tests begin from: small files, each with something in it that a parser has to
tell apart. Run it after a change here; what fuzzing finds is added to the corpus by hand, with a name that says what.

    python3 fuzz/make_corpus.py
"""

import io
import math
import pathlib
import zipfile

CORPUS = pathlib.Path(__file__).parent / "corpus"
FIXED = (1980, 1, 1, 0, 0, 0)

ANNUAL = ["long_term_debt_to_total_capital", "total_debt_to_ebitda", "net_income_margin", "ebit_to_interest_expense",
          "return_on_assets"]
QUARTERLY = ["total_debt_to_ebitda", "sga_margin", "long_term_debt_to_total_capital", "return_on_capital"]
IDENTITY = ["company_symbol", "company_name", "market_cap", "sector", "reporting_year", "reporting_quarter"]


def write(target, name, content):
    path = CORPUS / target / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())


def model(trees, features=2, objective="binary sigmoid:1", version="v4", extra=""):
    names = " ".join(f"f{i}" for i in range(features))
    infos = " ".join(["[-1:1]", "none", "1:2:3", "[0:5]", "[-9:9]"][i % 5] for i in range(features))
    sizes = " ".join("1" for _ in trees)
    head = (f"tree\nversion={version}\nnum_class=1\nnum_tree_per_iteration=1\nlabel_index=0\n"
            f"max_feature_idx={features - 1}\nobjective={objective}\n{extra}feature_names={names}\n"
            f"feature_infos={infos}\ntree_sizes={sizes}\n\n")
    body = "".join(f"Tree={i}\n{tree}\n\n" for i, tree in enumerate(trees))
    return head + body + "end of trees\n\nfeature_importances:\n\nparameters:\n[boosting: gbdt]\n\nend of parameters\n"


LEAF = ("num_leaves=1\nnum_cat=0\nsplit_feature=\nthreshold=\ndecision_type=\nleft_child=\nright_child=\n"
        "leaf_value=-0.8\nleaf_count=9\ninternal_count=\nis_linear=0\nshrinkage=1\n")
STUMP = ("num_leaves=2\nnum_cat=0\nsplit_feature=0\nsplit_gain=3\nthreshold=0.5\ndecision_type=2\nleft_child=-1\n"
         "right_child=-2\nleaf_value=0.25 -0.5\nleaf_weight=1 2\nleaf_count=3 6\ninternal_value=0\ninternal_weight=0\n"
         "internal_count=9\nis_linear=0\nshrinkage=0.1\n")
BUSH = ("num_leaves=4\nnum_cat=0\nsplit_feature=0 1 0\nsplit_gain=3 2 1\nthreshold=0.5 1.0000000180025095e-35 2\n"
        "decision_type=8 4 10\nleft_child=1 -1 -3\nright_child=2 -2 -4\nleaf_value=0.1 0.2 -0.3 1e-9\n"
        "leaf_count=2 3 4 1\ninternal_count=10 5 5\nis_linear=0\nshrinkage=0.1\n")
CATEGORY = ("num_leaves=3\nnum_cat=2\nsplit_feature=1 1\nsplit_gain=3 2\nthreshold=0 1\ndecision_type=9 1\nleft_child=1 -1\n"
            "right_child=-3 -2\nleaf_value=0.1 0.2 -0.3\nleaf_count=2 3 4\ninternal_count=9 5\ncat_boundaries=0 1 3\n"
            "cat_threshold=10 0 1\nis_linear=0\nshrinkage=0.1\n")


def chain(leaves):
    nodes = range(leaves - 1)
    join = lambda values: " ".join(str(value) for value in values)  # noqa: E731
    return (f"num_leaves={leaves}\nnum_cat=0\nsplit_feature={join(i % 2 for i in nodes)}\n"
            f"threshold={join(i / 4 - 1 for i in nodes)}\ndecision_type={join(2 for _ in nodes)}\n"
            f"left_child={join(-1 - i for i in nodes)}\n"
            f"right_child={join(i + 1 if i + 2 < leaves else -leaves for i in nodes)}\n"
            f"leaf_value={join(i / 8 - 1 for i in range(leaves))}\nleaf_count={join(1 for _ in range(leaves))}\n"
            f"internal_count={join(leaves - i for i in nodes)}\nis_linear=0\nshrinkage=0.1\n")


def lightgbm():
    write("lightgbm", "leaf", model([LEAF]))
    write("lightgbm", "stump", model([STUMP]))
    write("lightgbm", "bush", model([BUSH, STUMP, LEAF]))
    write("lightgbm", "category", model([CATEGORY, BUSH]))
    write("lightgbm", "chain", model([chain(20)]))
    write("lightgbm", "chain_of_70", model([chain(70)]))
    write("lightgbm", "forest", model([STUMP, BUSH], extra="average_output\n"))
    write("lightgbm", "cross_entropy", model([BUSH], objective="cross_entropy"))
    write("lightgbm", "version_3", model([STUMP], version="v3"))
    write("lightgbm", "no_counts", model([STUMP.replace("leaf_count=3 6\n", "")]))
    write("lightgbm", "linear", model([STUMP.replace("is_linear=0", "is_linear=1")]))
    write("lightgbm", "circle", model([STUMP.replace("left_child=-1", "left_child=0")]))
    write("lightgbm", "classes", model([STUMP]).replace("num_class=1", "num_class=3"))
    write("lightgbm", "steep", model([STUMP], objective="binary sigmoid:1e100"))
    write("lightgbm", "large_leaves", model([STUMP.replace("0.25 -0.5", "1e100 -1e100"), BUSH]))
    write("lightgbm", "no_rows_counted", model([STUMP.replace("leaf_count=3 6", "leaf_count=0 0").replace("internal_count=9", "internal_count=0")]))


def bundle(kind="annual", tree=True, rows=10):
    ratios = ANNUAL if kind == "annual" else QUARTERLY
    quoted = ",".join(f'"{name}"' for name in ratios)
    members = '{"type":"scorecard","file":"scorecard.json","weight":%s}' % (0.5 if tree else 1)
    if tree:
        members += ',{"type":"lightgbm","file":"lightgbm.txt","weight":0.5,"missing":"native"}'
    thresholds = '{"medium":0.02,"high":0.05,"critical":0.15}'
    files = {
        "manifest.json": f'{{"format":1,"name":"small","version":"1","kind":"{kind}","features":[{quoted}],'
                         f'"members":[{members}],"calibration":{{"type":"logit","intercept":0,"slope":1}},'
                         f'"thresholds":{thresholds},"card":"card.md"}}',
        "scorecard.json": '{"intercept":-1.5,"features":[{"name":"%s","coefficient":0.5,"bins":[{"low":null,"high":2,'
                          '"value":-1},{"low":2,"high":null,"value":1}],"missing":0,"not_meaningful":0.5,"otherwise":0,'
                          '"mean":0}]}' % ratios[0],
        "card.md": "# Small\n",
    }
    if tree:
        files["lightgbm.txt"] = model([LEAF], features=len(ratios))
    logistic = lambda x: 1 / (1 + math.exp(-x))  # noqa: E731
    mean = logistic(-1.5) if not tree else (logistic(-1.5) + logistic(-0.8)) / 2
    files["golden.csv"] = "\n".join([",".join(ratios) + ",probability"] + [f"{',' * len(ratios)}{mean!r}"] * rows) + "\n"
    return files


def packed(files, method=zipfile.ZIP_DEFLATED, folder=""):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, content in files.items():
            info = zipfile.ZipInfo(folder + name, FIXED)
            info.compress_type = method
            archive.writestr(info, content)
    return out.getvalue()


def bundles():
    text = lambda files: "".join(f"=== {name}\n{content}" + ("" if content.endswith("\n") else "\n")  # noqa: E731
                                 for name, content in files.items())
    for name, files in [("annual", bundle()), ("quarterly", bundle("quarterly")), ("scorecard", bundle(tree=False)),
                        ("few_rows", bundle(rows=3))]:
        write("bundle_files", name, text(files))
        write("bundle_zip", name, packed(files))
    write("bundle_files", "climbing", text(bundle()).replace('"card":"card.md"', '"card":"../card.md"'))
    write("bundle_files", "weights", text(bundle()).replace('"weight":0.5', '"weight":0.4'))
    write("bundle_files", "numbers", text(bundle()).replace("-1.5", "-1e308").replace('"slope":1', '"slope":1000'))
    write("bundle_zip", "stored", packed(bundle(tree=False), zipfile.ZIP_STORED))
    write("bundle_zip", "folder", packed(bundle(tree=False), folder="small/"))
    write("bundle_zip", "climbing", packed({"../manifest.json": "{}"}))
    write("bundle_zip", "tight", packed({"manifest.json": " " * (300 << 10)}))
    write("bundle_zip", "empty", packed({}))
    link = zipfile.ZipInfo("manifest.json", FIXED)
    link.external_attr = 0o120777 << 16
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr(link, "/etc/passwd")
    write("bundle_zip", "link", out.getvalue())


ROWS = [
    ["XMP", "Example Works", "1500", "Energy", "2023", "Q4", "25.5", "2.3", "8.2", "12.5", "6.8"],
    ["nm", "'=1+1", "", "Industrials", "2024", "", "NM", "N/A", "", "-3", "1e-5"],
    ["BAD", "x" * 300, "-1", "", "24", "Q9", "inf", "100000000", "nan", "1,5", "1e999"],
    ["LATE", "Zwölf & Söhne", "1", "Energy", "1999", "1", "0", "0", "0", "0", "0"],
]


def line(cells):
    return ",".join(f'"{cell}"' if set(cell) & set(',"\n') else cell for cell in cells)


def csv():
    head = ",".join(IDENTITY + ANNUAL)
    write("csv", "annual", "\n".join([head] + [line(row) for row in ROWS * 2]) + "\n")
    write("csv", "quarterly", "\n".join([",".join(IDENTITY + QUARTERLY)] + [line(row[:10]) for row in ROWS]) + "\n")
    write("csv", "crlf_and_mark", "\ufeff" + "\r\n".join([head] + [line(row) for row in ROWS]))
    write("csv", "blank_lines", "\n\n" + head + ",,\n\n \n" + line(ROWS[0]) + "\n,,,\n\n\n" + line(ROWS[1]) + "\n\n")
    write("csv", "breaks_in_quotes", head + '\nA,"two\nlines",1,"a ""b"" c",2023,,1,1,1,1,1\n' * 2 + line(ROWS[0]))
    write("csv", "more_columns", "\n".join(["note," + head + ",extra"] + ["n," + line(row) + ",e,surplus" for row in ROWS]))
    write("csv", "open_quote", head + '\n"' + line(ROWS[0]) + "\n" * 5)
    write("csv", "header_alone", head + "\n")
    write("csv", "no_columns", "a,b,c\n1,2,3\n")
    write("csv", "twice", head + ",return_on_assets\n" + line(ROWS[0]) + ",1\n")
    write("csv", "latin_1", (head + "\n" + line(ROWS[3])).encode("latin-1"))
    write("csv", "spelled_otherwise", head.upper().replace("_", " ") + "\n" + line(ROWS[0]) + "\n")
    write("csv", "zero_byte", head + "\nA\0,B\n")


def sheet_row(number, cells):
    texts = "".join(f'<c r="{chr(65 + i)}{number}" t="inlineStr"><is><t>{cell}</t></is></c>' for i, cell in enumerate(cells))
    return f'<row r="{number}">{texts}</row>'


def sheets():
    escape = lambda row: [cell.replace("&", "&amp;") for cell in row]  # noqa: E731
    head = sheet_row(1, IDENTITY + ANNUAL)
    wrap = lambda rows: f'<?xml version="1.0"?><worksheet><sheetData>{rows}</sheetData></worksheet>'  # noqa: E731
    numbers = '<row r="3"><c r="A3" t="s"><v>0</v></c><c r="B3" t="str"><v>B</v></c><c r="C3"><v>1.5E3</v></c>' \
              '<c r="D3" t="s"><v>1</v></c><c r="E3"><v>2023</v></c><c r="G3" t="e"><v>#N/A</v></c><c r="H3" t="b"><v>1</v>' \
              '</c><c r="K3" s="1"><v>45000</v></c></row>'
    texts = "\n=====\n<sst><si><t>XMP</t></si><si><r><t>Ener</t></r><r><t>gy</t></r></si></sst>"
    cases = {
        "inline": wrap(head + "".join(sheet_row(i + 2, escape(row)) for i, row in enumerate(ROWS * 2))),
        "shared": wrap(head + numbers) + texts,
        "gaps": wrap(head + sheet_row(7, escape(ROWS[0])) + "<row/>" + sheet_row(40, escape(ROWS[1]))),
        "no_references": wrap((head + sheet_row(2, ROWS[0])).replace(' r="', ' x="')),
        "entities": wrap(head + sheet_row(2, ["&lt;&#65;&#x42;&apos;"] + ROWS[0][1:])),
        "unknown_entity": wrap(head + sheet_row(2, ["&bomb;"])),
        "data": wrap(head + '<row r="2"><c t="inlineStr"><is><t><![CDATA[A]]></t></is></c></row>'),
        "document_type": "<!DOCTYPE a [<!ENTITY a 'aa'>]>" + wrap(head),
        "wide": wrap(head + '<row r="2"><c r="ZZ2"><v>1</v></c><c r="XFD2"><v>1</v></c></row>'),
        "cut_off": wrap(head + sheet_row(2, ROWS[0]))[:-60],
        "merged": wrap(head + sheet_row(2, ROWS[0])).replace("</worksheet>", '<mergeCells><mergeCell ref="A1:B2"/></mergeCells></worksheet>'),
    }
    for name, content in cases.items():
        write("xlsx_sheet", name, content)
    related = '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">%s</Relationships>'
    parts = lambda sheet: {  # noqa: E731
        "_rels/.rels": related % '<Relationship Id="r" Type="t/officeDocument" Target="xl/workbook.xml"/>',
        "xl/workbook.xml": '<workbook xmlns:r="r"><workbookPr date1904="1"/><sheets><sheet name="S" sheetId="1" r:id="s"/></sheets></workbook>',
        "xl/_rels/workbook.xml.rels": related % ('<Relationship Id="s" Type="t/worksheet" Target="worksheets/sheet1.xml"/>'
                                                 '<Relationship Id="t" Type="t/sharedStrings" Target="sharedStrings.xml"/>'
                                                 '<Relationship Id="y" Type="t/styles" Target="/xl/styles.xml"/>'),
        "xl/worksheets/sheet1.xml": sheet,
        "xl/sharedStrings.xml": "<sst><si><t>XMP</t></si><si><t>Energy</t></si></sst>",
        "xl/styles.xml": '<styleSheet><numFmts><numFmt numFmtId="164" formatCode="yyyy"/></numFmts><cellXfs><xf numFmtId="0"/>'
                         '<xf numFmtId="164"/></cellXfs></styleSheet>',
    }
    write("xlsx_zip", "deflated", packed(parts(cases["inline"])))
    write("xlsx_zip", "stored", packed(parts(wrap(head + numbers)), zipfile.ZIP_STORED))
    write("xlsx_zip", "climbing", packed(parts(cases["inline"]) | {"../x": "y"}))
    write("xlsx_zip", "no_sheet", packed({name: text for name, text in parts("").items() if "sheet1" not in name}))
    write("xlsx_zip", "tight", packed(parts(wrap(head + " " * (600 << 10)))))
    write("xlsx_zip", "cut_off", packed(parts(cases["inline"]))[:-40])


def server():
    claims = '{"sub":"01890000-0000-7000-8000-000000000001","exp":4000000000,"iat":1700000000,"jti":"01890000-0000-7000-8000-000000000002","ver":3}'
    head = '{"alg":"HS256","typ":"JWT","kid":"00000000"}'
    write("token", "claims", f"{head}\n{claims}")
    write("token", "session", f"{head}\n" + claims.replace("}", ',"sid":"01890000-0000-7000-8000-000000000003"}'))
    write("token", "expired", f"{head}\n" + claims.replace("4000000000", "-1"))
    write("token", "far", f"{head}\n" + claims.replace("4000000000", "9223372036854775807"))
    write("token", "beyond", f"{head}\n" + claims.replace("4000000000", "1e400"))
    write("token", "wrong_shapes", f"{head}\n" + claims.replace("3}", '"3","aud":[1],"nbf":{}}'))
    write("token", "unsigned", f'{{"alg":"none"}}\n{claims}')
    write("token", "other_algorithm", f'{{"alg":"RS256","jwk":{{"kty":"RSA"}},"crit":["x"]}}\n{claims}')
    write("token", "nested", f"{head}\n" + "[" * 200)
    write("token", "dots", "a.b.c.d\n...")
    write("token", "header", "eyJhbGciOiJub25lIn0.e30.\n")
    place = "0006540a1b2c3d4e01890000000070008000000000000001"
    write("cursor", "place", place)
    write("cursor", "start", "7fffffffffffffff" + "f" * 32)
    write("cursor", "before_time", "8000000000000000" + "0" * 32)
    write("cursor", "plus", "+" + place[1:])
    write("cursor", "long", place + "0")
    write("cursor", "page_and_limit", "page=3&limit=20")
    write("cursor", "skip_and_limit", "skip=1000000000001&limit=0")
    write("cursor", "limit_and_offset", "limit=-1&offset=9223372036854775807")
    write("cursor", "overflow", "page=9223372036854775808&limit=1e3&limit=2")
    write("cursor", "escaped", "page=%31&limit=%00&offset=%FF%2B+")
    write("cursor", "size", f"page=1&size=1000&cursor={place}")


lightgbm()
bundles()
csv()
sheets()
server()
