//! Grades: bands of the probability of default on a master scale.

use serde::{Deserialize, Serialize};

/// The fewest grades of a scale.
pub const MIN_GRADES: usize = 2;
/// The most grades of a scale.
pub const MAX_GRADES: usize = 30;
/// The longest name of a grade, in characters.
pub const MAX_GRADE_NAME: usize = 10;

/// One grade and the band that it stands for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Grade {
    /// Its name, such as `B+`.
    pub grade: String,
    /// The highest probability that still has it; none for the last grade, which has all that is above.
    pub upper: Option<f64>,
}

/// Grades from the safest to the riskiest. Sound by construction: a grade holds the probabilities above the upper
/// bound of the one before it, up to and including its own.
#[derive(Clone, Debug, PartialEq)]
pub struct MasterScale {
    grades: Vec<Grade>,
}

/// Why a list of grades is not a scale.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{place}: {reason}")]
pub struct ScaleError {
    /// Where: `grades`, `grades[2].upper`.
    pub place: String,
    /// What is wrong, and what was expected.
    pub reason: String,
}

impl MasterScale {
    /// The built-in scale: ten grades, each band reaching twice as far as the one before, from 0.05 % to 12.8 %.
    #[must_use]
    pub fn built_in() -> Self {
        const NAMES: [&str; 10] = ["A+", "A", "A-", "B+", "B", "B-", "C+", "C", "C-", "D"];
        const UPPER: [f64; 9] = [0.0005, 0.001, 0.002, 0.004, 0.008, 0.016, 0.032, 0.064, 0.128];
        let grade =
            |(i, name): (usize, &&str)| Grade { grade: (*name).to_owned(), upper: UPPER.get(i).copied() };
        Self { grades: NAMES.iter().enumerate().map(grade).collect() }
    }

    /// A scale of these grades.
    ///
    /// # Errors
    /// [`ScaleError`] for the first grade that does not fit: names must be there, short and different, bounds rise
    /// strictly inside (0, 1), and only the last grade has none.
    pub fn new(grades: Vec<Grade>) -> Result<Self, ScaleError> {
        let refuse = |place: String, reason: String| Err(ScaleError { place, reason });
        if !(MIN_GRADES..=MAX_GRADES).contains(&grades.len()) {
            let reason = format!("{} grades, expected {MIN_GRADES} to {MAX_GRADES}", grades.len());
            return refuse("grades".to_owned(), reason);
        }
        let mut below = 0.0;
        for (i, grade) in grades.iter().enumerate() {
            let name = grade.grade.trim();
            let length = name.chars().count();
            if name != grade.grade
                || length == 0
                || length > MAX_GRADE_NAME
                || name.contains(char::is_control)
            {
                let reason =
                    format!("1 to {MAX_GRADE_NAME} characters without blanks around them are expected");
                return refuse(format!("grades[{i}].grade"), reason);
            }
            if grades[..i].iter().any(|other| other.grade.eq_ignore_ascii_case(name)) {
                return refuse(format!("grades[{i}].grade"), format!("'{name}' stands there twice"));
            }
            let last = i + 1 == grades.len();
            match grade.upper {
                None if last => {}
                None => {
                    return refuse(format!("grades[{i}].upper"), "only the last grade has none".to_owned());
                }
                Some(_) if last => {
                    return refuse(format!("grades[{i}].upper"), "the last grade has none".to_owned());
                }
                // A NaN is above nothing.
                Some(upper) if upper > below && upper < 1.0 => below = upper,
                Some(upper) => {
                    let reason = format!("{upper} is not above {below} and below 1");
                    return refuse(format!("grades[{i}].upper"), reason);
                }
            }
        }
        Ok(Self { grades })
    }

    /// The grades, safest first.
    #[must_use]
    pub fn grades(&self) -> &[Grade] {
        &self.grades
    }

    /// Position of the grade of a probability.
    #[must_use]
    pub fn rank(&self, probability: f64) -> usize {
        let last = self.grades.len() - 1;
        self.grades.iter().position(|g| g.upper.is_some_and(|upper| probability <= upper)).unwrap_or(last)
    }

    /// The grade of a probability.
    #[must_use]
    pub fn grade(&self, probability: f64) -> &str {
        &self.grades[self.rank(probability)].grade
    }

    /// Position of a grade by its name, in any case.
    #[must_use]
    pub fn position(&self, name: &str) -> Option<usize> {
        self.grades.iter().position(|g| g.grade.eq_ignore_ascii_case(name))
    }

    /// The band of the grade at a position: its probabilities lie above the first number, up to the second.
    #[must_use]
    pub fn band(&self, rank: usize) -> Option<(f64, f64)> {
        let upper = self.grades.get(rank)?.upper.unwrap_or(1.0);
        let lower = rank.checked_sub(1).and_then(|before| self.grades[before].upper).unwrap_or(0.0);
        Some((lower, upper))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grade(name: &str, upper: Option<f64>) -> Grade {
        Grade { grade: name.to_owned(), upper }
    }

    #[test]
    fn the_built_in_scale_is_sound_and_its_bands_double() {
        let scale = MasterScale::built_in();
        assert_eq!(MasterScale::new(scale.grades().to_vec()).unwrap(), scale);
        assert_eq!(scale.grades().len(), 10);
        for pair in scale.grades()[..9].windows(2) {
            assert!((pair[1].upper.unwrap() / pair[0].upper.unwrap() - 2.0).abs() < 1e-12);
        }
    }

    #[test]
    fn an_upper_bound_belongs_to_its_grade() {
        let scale = MasterScale::built_in();
        assert_eq!((scale.grade(0.0), scale.grade(0.0005), scale.grade(0.000_500_1)), ("A+", "A+", "A"));
        assert_eq!((scale.grade(0.128), scale.grade(0.129), scale.grade(1.0)), ("C-", "D", "D"));
        for (rank, grade) in scale.grades().iter().enumerate() {
            let (low, high) = scale.band(rank).unwrap();
            assert_eq!((scale.rank(high), scale.position(&grade.grade)), (rank, Some(rank)));
            assert_eq!(scale.rank(low), rank.saturating_sub(1));
        }
        assert_eq!(scale.band(10), None);
    }

    #[test]
    fn what_is_not_a_scale_is_named() {
        for (grades, place) in [
            (vec![grade("A", None)], "grades"),
            (vec![grade("", Some(0.1)), grade("B", None)], "grades[0].grade"),
            (vec![grade("A", Some(0.1)), grade("a", None)], "grades[1].grade"),
            (vec![grade("A", None), grade("B", None)], "grades[0].upper"),
            (vec![grade("A", Some(0.1)), grade("B", Some(0.2))], "grades[1].upper"),
            (vec![grade("A", Some(0.1)), grade("B", Some(0.1)), grade("C", None)], "grades[1].upper"),
            (vec![grade("A", Some(f64::NAN)), grade("B", None)], "grades[0].upper"),
        ] {
            assert_eq!(MasterScale::new(grades).unwrap_err().place, place);
        }
    }
}
