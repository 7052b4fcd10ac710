//! Where a model's answer can change as one of its inputs grows.

use super::{
    Model,
    tree::{Test, ZERO, in_set},
};

impl Model {
    /// The numbers at which the raw score can change with one feature, rising: between two neighbours, the lower
    /// one excluded and the upper one included, it does not depend on the feature. Empty for a feature that no
    /// split asks for.
    #[must_use]
    pub fn cuts(&self, feature: usize) -> Vec<f64> {
        let mut cuts = Vec::new();
        let nodes = self.trees.iter().flat_map(|tree| &tree.nodes);
        for node in nodes.filter(|node| node.feature as usize == feature) {
            match &node.test {
                Test::Number { threshold, .. } => {
                    // What counts as zero is taken for it, and may be taken for missing.
                    cuts.extend([threshold + 0.0, (-ZERO).next_down(), ZERO]);
                }
                Test::Category { set } => {
                    // Fractions are cut off towards zero: category 0 begins above -1, category k at k itself.
                    let inside = |category: u32| in_set(set, f64::from(category));
                    let end = u32::try_from(set.len() * 32).unwrap_or(u32::MAX);
                    cuts.push(-1.0);
                    let changes = (1..=end).filter(|k| inside(*k) != inside(k - 1));
                    cuts.extend(changes.map(|k| f64::from(k).next_down()));
                }
            }
        }
        cuts.retain(|cut| cut.is_finite());
        cuts.sort_by(f64::total_cmp);
        cuts.dedup();
        cuts
    }
}
