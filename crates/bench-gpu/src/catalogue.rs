//! The GPUs of a machine.

use super::library::reason;
use super::nvml::{Device, Nvml};

/// A GPU that NVML knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Known {
    pub(super) uuid: String,
    pub(super) name: String,
    /// UUIDs of its instances, if it is in MIG mode.
    pub(super) instances: Vec<String>,
}

/// A GPU, or an instance of one, by their numbers in the catalogue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) gpu: usize,
    pub(super) instance: Option<usize>,
}

/// Lists all GPUs, in NVML's order. One that does not answer has no name, and keeps its number.
///
/// # Errors
/// The reason why NVML does not list the GPUs.
pub(super) fn list(nvml: &Nvml) -> Result<Vec<Known>, String> {
    let count = nvml.device_count().map_err(|error| reason(&error))?;
    let known = (0..count).map(|index| match nvml.device_by_index(index) {
        Ok(device) => Known {
            uuid: device.uuid().unwrap_or_default(),
            name: device.name().unwrap_or_default(),
            instances: instances(&device).filter_map(|instance| instance.uuid().ok()).collect(),
        },
        Err(error) => Known { uuid: String::new(), name: reason(&error), instances: Vec::new() },
    });
    Ok(known.collect())
}

/// Returns the MIG instances of a GPU. Most of the possible indices are unused, and are skipped.
pub(super) fn instances<'nvml>(device: &Device<'nvml>) -> impl Iterator<Item = Device<'nvml>> {
    let most = device.max_mig_device_count().unwrap_or(0);
    (0..most).filter_map(|index| device.mig_device_by_index(index).ok())
}

/// Returns every GPU and instance with its UUID.
pub(super) fn places(known: &[Known]) -> impl Iterator<Item = (Place, &str)> {
    known.iter().enumerate().flat_map(|(gpu, device)| {
        let instances = device.instances.iter().enumerate();
        std::iter::once((Place { gpu, instance: None }, device.uuid.as_str())).chain(
            instances.map(move |(number, uuid)| (Place { gpu, instance: Some(number) }, uuid.as_str())),
        )
    })
}

/// Describes the known GPUs, for an error about another one.
pub(super) fn describe(known: &[Known]) -> String {
    if known.is_empty() {
        return "no GPU was found".to_owned();
    }
    let each = known.iter().enumerate().map(|(index, device)| {
        let instances = match device.instances.as_slice() {
            [] => String::new(),
            some => format!(", with {}", some.join(", ")),
        };
        format!("{index} is {} ({}){instances}", device.uuid, device.name)
    });
    each.collect::<Vec<_>>().join(", ")
}
