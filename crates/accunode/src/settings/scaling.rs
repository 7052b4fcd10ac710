//! Scaling, as the environment says.

use accunode_infra::EcsSettings;
use accunode_server::{config::ScalingConfig, features::scaling::decision::Thresholds};
use anyhow::{Context, Result, bail};

use super::parsed;

/// How the number of workers is looked after.
#[derive(Clone, Debug)]
pub struct ScalingSettings {
    /// `ACCUNODE_SCALER`: who changes it.
    pub scaler: ScalerSettings,
    /// `AUTO_SCALING_ENABLED`, and what counts until an administrator changes it.
    pub config: ScalingConfig,
}

/// Who changes the number of workers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ScalerSettings {
    /// Nobody.
    None,
    /// This machine.
    Local,
    /// Amazon ECS.
    Ecs(EcsSettings),
}

/// What only the scaler of ECS has a use for.
const OF_ECS: [&str; 2] = ["ACCUNODE_ECS_CLUSTER", "ACCUNODE_ECS_SERVICE"];

impl ScalingSettings {
    pub(super) fn read(get: &impl Fn(&str) -> Option<String>) -> Result<Self> {
        let scaler = scaler(get)?;
        let automatic = parsed(get, "AUTO_SCALING_ENABLED", "true or false", true)?;
        let default = Thresholds::default();
        let number = |name: &str, default: i64| parsed(get, name, "a whole number", default);
        let thresholds = Thresholds {
            min_workers: number("MIN_WORKERS", default.min_workers)?,
            max_workers: number("MAX_WORKERS", default.max_workers)?,
            scale_up_threshold: number("SCALE_UP_THRESHOLD", default.scale_up_threshold)?,
            scale_down_threshold: number("SCALE_DOWN_THRESHOLD", default.scale_down_threshold)?,
            scale_up_cooldown: number("SCALE_UP_COOLDOWN", default.scale_up_cooldown)?,
            scale_down_cooldown: number("SCALE_DOWN_COOLDOWN", default.scale_down_cooldown)?,
            emergency_threshold: number("EMERGENCY_THRESHOLD", default.emergency_threshold)?,
        };
        thresholds.check().context("MIN_WORKERS, MAX_WORKERS and the other settings of scaling")?;
        Ok(Self { scaler, config: ScalingConfig { automatic, thresholds } })
    }
}

fn scaler(get: &impl Fn(&str) -> Option<String>) -> Result<ScalerSettings> {
    let name = get("ACCUNODE_SCALER").unwrap_or_else(|| "none".to_owned());
    if name != "ecs"
        && let Some(lost) = OF_ECS.into_iter().find(|name| get(name).is_some())
    {
        bail!("{lost} is set, but ACCUNODE_SCALER is not ecs: it would have no effect");
    }
    let required = |name: &str, expected: &str| {
        get(name).with_context(|| format!("{name} is required with ACCUNODE_SCALER=ecs: {expected}"))
    };
    Ok(match name.as_str() {
        "none" => ScalerSettings::None,
        "local" => ScalerSettings::Local,
        "ecs" => ScalerSettings::Ecs(EcsSettings {
            region: required("AWS_REGION", "a region like eu-west-1")?,
            cluster: required("ACCUNODE_ECS_CLUSTER", "the name of a cluster")?,
            service: required("ACCUNODE_ECS_SERVICE", "the name of the service whose tasks are workers")?,
        }),
        other => bail!("ACCUNODE_SCALER is '{other}', but none, local or ecs is expected"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(pairs: &[(&str, &str)]) -> Result<ScalingSettings> {
        let get = |name: &str| pairs.iter().find(|(n, _)| *n == name).map(|(_, v)| (*v).to_owned());
        ScalingSettings::read(&get)
    }

    #[test]
    fn nothing_is_scaled_unless_somebody_says_so() {
        let settings = read(&[]).unwrap();
        assert_eq!(settings.scaler, ScalerSettings::None);
        assert!(settings.config.automatic && settings.config.thresholds == Thresholds::default());
    }

    #[test]
    fn what_is_set_counts() {
        let settings = read(&[
            ("ACCUNODE_SCALER", "ecs"),
            ("AWS_REGION", "eu-west-1"),
            ("ACCUNODE_ECS_CLUSTER", "main"),
            ("ACCUNODE_ECS_SERVICE", "worker"),
            ("AUTO_SCALING_ENABLED", "false"),
            ("MAX_WORKERS", "6"),
        ])
        .unwrap();
        let ecs = EcsSettings {
            region: "eu-west-1".to_owned(),
            cluster: "main".to_owned(),
            service: "worker".to_owned(),
        };
        assert_eq!(settings.scaler, ScalerSettings::Ecs(ecs));
        assert_eq!((settings.config.automatic, settings.config.thresholds.max_workers), (false, 6));
    }

    #[test]
    fn what_cannot_work_is_named() {
        for (pairs, name) in [
            (&[("ACCUNODE_SCALER", "kubernetes")][..], "ACCUNODE_SCALER is 'kubernetes'"),
            (&[("ACCUNODE_SCALER", "ecs")], "AWS_REGION is required"),
            (&[("ACCUNODE_SCALER", "ecs"), ("AWS_REGION", "x")], "ACCUNODE_ECS_CLUSTER is required"),
            (&[("ACCUNODE_ECS_SERVICE", "worker")], "ACCUNODE_ECS_SERVICE is set"),
            (&[("AUTO_SCALING_ENABLED", "yes")], "AUTO_SCALING_ENABLED is 'yes'"),
            (&[("MIN_WORKERS", "few")], "MIN_WORKERS is 'few'"),
            (&[("MIN_WORKERS", "13")], "max_workers is 12"),
        ] {
            let error = format!("{:#}", read(pairs).unwrap_err());
            assert!(error.contains(name), "{error}");
        }
    }
}
