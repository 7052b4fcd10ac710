//! Objects and lists inside of bodies; what is wrong in them is named by its place: `rows[3].sector`.

use accunode_domain::{FieldError, Kind, Ratio};
use serde_json::Value;

use super::Fields;

impl Fields {
    /// A required kind of prediction.
    pub fn kind(&mut self) -> Option<Kind> {
        let kind = match self.required("kind")? {
            Value::String(text) => text.parse().ok(),
            _ => None,
        };
        if kind.is_none() {
            self.invalid("kind", "annual or quarterly is expected");
        }
        kind
    }

    /// All ratios of a kind, each required as by [`Fields::ratio`], and whether they were the vendors' sentinel.
    pub fn ratios(&mut self, kind: Kind) -> (Vec<Ratio>, Vec<bool>) {
        kind.ratios().iter().map(|spec| self.ratio(spec.name)).unzip()
    }

    /// The names of the members that are there.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.object.keys().map(String::as_str)
    }

    /// Whether something wrong with this field has been noted.
    pub fn is_noted(&self, field: &str) -> bool {
        self.errors.iter().any(|error| error.field == field)
    }

    /// What `read` makes of a required object.
    pub fn object<T>(&mut self, field: &str, read: impl FnOnce(&mut Self) -> T) -> Option<T> {
        let value = self.object.remove(field);
        match value {
            Some(Value::Object(_)) => {}
            Some(_) => self.invalid(field, "an object is expected"),
            None => self.problem(field, "is required"),
        }
        self.inside(field, value?, read)
    }

    /// What `read` makes of each object of a required list of 1 to `most`.
    pub fn objects<T>(&mut self, field: &str, most: usize, read: impl Fn(&mut Self) -> T) -> Vec<T> {
        let values = match self.object.remove(field) {
            Some(Value::Array(values)) => values,
            Some(_) => {
                self.invalid(field, "a list is expected");
                return Vec::new();
            }
            None => {
                self.problem(field, "is required");
                return Vec::new();
            }
        };
        if values.is_empty() || values.len() > most {
            self.invalid(field, &format!("1 to {most} are expected, {} are there", values.len()));
            return Vec::new();
        }
        let mut read_all = Vec::with_capacity(values.len());
        for (i, value) in values.into_iter().enumerate() {
            let place = format!("{field}[{i}]");
            if !value.is_object() {
                self.invalid(&place, "an object is expected");
            }
            read_all.extend(self.inside(&place, value, &read));
        }
        read_all
    }

    fn inside<T>(&mut self, place: &str, value: Value, read: impl FnOnce(&mut Self) -> T) -> Option<T> {
        let Value::Object(object) = value else { return None };
        let mut inner = Self { object, errors: Vec::new() };
        let read = read(&mut inner);
        let named = |e: FieldError| FieldError { field: format!("{place}.{}", e.field), message: e.message };
        self.errors.extend(inner.errors.into_iter().map(named));
        Some(read)
    }
}
