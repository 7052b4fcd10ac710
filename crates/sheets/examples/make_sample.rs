//! Writes the sample portfolios: `cargo run -p accunode-sheets --example make_sample -- sample`.
//!
//! Sixty invented companies of four qualities, in eleven sectors. The numbers come from a small generator with
//! a fixed seed, so that the files are the same everywhere and every time.

use std::{env, error::Error, path::Path};

use accunode_domain::Kind;
use accunode_sheets::{Cell, FileError, Writer, columns::columns};

/// First words of the companies' names: nobody would call a company so.
const NAMES: [&str; 60] = [
    "Wobblestone",
    "Thistledrum",
    "Moonquarry",
    "Paperfish",
    "Gumboot",
    "Snailrail",
    "Turnipworks",
    "Foghorn Alley",
    "Marmaladia",
    "Quillback",
    "Bogwhistle",
    "Teakettle",
    "Umbrellaphant",
    "Zigzag Pier",
    "Crumpetsmith",
    "Dandelion Vault",
    "Elbowgrease",
    "Fiddlefern",
    "Gooseberry Hill",
    "Hedgehoggery",
    "Inkwell Bay",
    "Jellybridge",
    "Kettledown",
    "Lanternfish",
    "Mothball",
    "Nettlecap",
    "Oddsocket",
    "Puddlejump",
    "Quackenfield",
    "Rumblebee",
    "Sockdrawer",
    "Tumbleturn",
    "Upsidedown",
    "Velvetmole",
    "Wigglesworthy",
    "Xylofarm",
    "Yodelbrook",
    "Zeppelinen",
    "Acornucopia",
    "Bumbershoot",
    "Cobblemuffin",
    "Doorknobia",
    "Eggcupboard",
    "Frostpickle",
    "Gigglemill",
    "Hobnobbin",
    "Icewaffle",
    "Jampotter",
    "Knickerbock",
    "Lollygag",
    "Muddlewick",
    "Noodlestone",
    "Otterly",
    "Pumpernick",
    "Quibbleton",
    "Raspberrow",
    "Spoonfeather",
    "Toadstoolery",
    "Unicornery",
    "Wafflemast",
];

/// Sectors, each with a last word for the names of its companies.
const SECTORS: [(&str, &str); 11] = [
    ("Energy", "Petroleum"),
    ("Materials", "Minerals"),
    ("Industrials", "Engines"),
    ("Consumer Discretionary", "Toys"),
    ("Consumer Staples", "Foods"),
    ("Health Care", "Remedies"),
    ("Financials", "Trust"),
    ("Information Technology", "Gadgets"),
    ("Communication Services", "Broadcasting"),
    ("Utilities", "Waterworks"),
    ("Real Estate", "Estates"),
];

/// Middle and spread of each ratio.
type Ranges = &'static [(f64, f64)];

/// The ratios of strong, solid, stretched and distressed companies, in the order of [`Kind::ratios`].
fn ranges(kind: Kind) -> [Ranges; 4] {
    match kind {
        Kind::Annual => [
            &[(14.0, 8.0), (0.9, 0.5), (18.0, 6.0), (32.0, 14.0), (11.0, 3.5)],
            &[(34.0, 9.0), (2.3, 0.7), (8.0, 3.0), (9.0, 3.5), (5.5, 2.0)],
            &[(54.0, 9.0), (4.8, 1.2), (1.5, 2.5), (2.4, 0.9), (1.0, 1.5)],
            &[(82.0, 14.0), (9.5, 4.0), (-16.0, 12.0), (0.2, 0.9), (-9.0, 6.0)],
        ],
        Kind::Quarterly => [
            &[(0.9, 0.5), (14.0, 5.0), (14.0, 8.0), (21.0, 5.0)],
            &[(2.4, 0.8), (18.0, 5.0), (34.0, 9.0), (11.0, 3.0)],
            &[(5.0, 1.3), (24.0, 7.0), (54.0, 9.0), (3.5, 2.0)],
            &[(10.5, 4.0), (38.0, 12.0), (82.0, 14.0), (-9.0, 7.0)],
        ],
    }
}

/// Numbers without pattern from a seed (the SplitMix64 sequence).
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// From -1 to 1, more often near 0 (the mean of three).
    fn spread(&mut self) -> f64 {
        (0..3).map(|_| (self.next() >> 11) as f64 / (1_u64 << 52) as f64 - 1.0).sum::<f64>() / 3.0
    }

    fn one_in(&mut self, n: u64) -> bool {
        self.next().is_multiple_of(n)
    }
}

/// One company of the sample.
struct Company {
    symbol: String,
    name: String,
    sector: &'static str,
    /// 0 strong, 1 solid, 2 stretched, 3 distressed.
    quality: usize,
    /// Millions of dollars.
    market_cap: Option<f64>,
}

fn companies(dice: &mut Dice) -> Vec<Company> {
    let company = |(i, name): (usize, &&str)| {
        let (sector, word) = SECTORS[i % SECTORS.len()];
        let letters: String = name.chars().filter(char::is_ascii_alphabetic).take(4).collect();
        // Sixteen strong, twenty-four solid, twelve stretched, eight distressed.
        let quality = [0, 1, 1, 2, 0, 1, 2, 3, 0, 1, 2, 1, 0, 1, 3][(i * 7 + i / 15) % 15];
        let millions = [40_000.0, 9_000.0, 2_200.0, 350.0][quality] * (1.0 + 0.8 * dice.spread());
        Company {
            symbol: format!("{}.X", letters.to_uppercase()),
            name: format!("{name} {word}"),
            sector,
            quality,
            market_cap: (i % 13 != 5).then(|| millions.round()),
        }
    };
    NAMES.iter().enumerate().map(company).collect()
}

/// A cell of a ratio: three decimals, or what stands where there is no number.
fn ratio(name: &str, quality: usize, range: (f64, f64), drift: f64, dice: &mut Dice) -> String {
    let (middle, spread) = range;
    let x = middle + spread * (dice.spread() + drift * (middle.signum()));
    let distressed = quality == 3;
    // A distressed company's EBITDA or capital may be negative: then the ratio has no meaning.
    if distressed && name == "total_debt_to_ebitda" && dice.one_in(3) {
        return "NM".to_owned();
    }
    if distressed && name.contains("capital") && dice.one_in(8) {
        return "NM".to_owned();
    }
    if dice.one_in(40) {
        return if dice.one_in(3) { "N/A".to_owned() } else { String::new() };
    }
    // Debt is not negative, and neither are selling expenses.
    let floor = if name.contains("debt") || name == "sga_margin" { 0.0 } else { f64::NEG_INFINITY };
    ((x.max(floor) * 1000.0).round() / 1000.0).to_string()
}

/// The periods that company `i` reports: four years out of six, or two quarters of one of two years.
fn periods(kind: Kind, i: usize) -> Vec<(u16, &'static str)> {
    const QUARTERS: [&str; 4] = ["Q1", "Q2", "Q3", "Q4"];
    match kind {
        Kind::Annual => (0..4).map(|n| (2019 + (i % 3) as u16 + n, "Q4")).collect(),
        Kind::Quarterly => (0..2).map(|n| (2023 + (i / 30) as u16, QUARTERS[i % 3 + n])).collect(),
    }
}

/// Writes the sample of one kind.
pub(crate) fn write_sample(kind: Kind, path: &Path) -> Result<(), FileError> {
    let mut dice = Dice(20_240_601);
    let header: Vec<_> = columns(kind).into_iter().map(|(name, _)| name).collect();
    let mut writer = Writer::create(path, &header)?;
    for (i, company) in companies(&mut dice).iter().enumerate() {
        for (n, (year, quarter)) in periods(kind, i).into_iter().enumerate() {
            let mut texts = vec![year.to_string(), quarter.to_owned()];
            let drift = if company.quality == 3 { 0.25 * n as f64 } else { 0.0 };
            for (spec, range) in kind.ratios().iter().zip(ranges(kind)[company.quality]) {
                texts.push(ratio(spec.name, company.quality, *range, drift, &mut dice));
            }
            // What data vendors write where they have nothing.
            if (kind, i, n) == (Kind::Annual, 11, 2) {
                texts[4] = "100000000".to_owned();
            }
            let cap = company.market_cap.map_or(Cell::Empty, Cell::Number);
            let mut cells =
                vec![Cell::Text(&company.symbol), Cell::Text(&company.name), cap, Cell::Text(company.sector)];
            cells.extend(texts.iter().map(|text| Cell::echo(text)));
            writer.write(&cells)?;
        }
    }
    writer.finish()
}

fn main() -> Result<(), Box<dyn Error>> {
    let folder = env::args().nth(1).ok_or("usage: make_sample FOLDER")?;
    for kind in Kind::ALL {
        write_sample(kind, &Path::new(&folder).join(format!("portfolio_{kind}.csv")))?;
    }
    Ok(())
}
