//! Checks whether this is a virtual machine.

use super::finding::{Finding, Outcome};
use bench_os::{Machine, Unknown};

/// Makers whose "products" are virtual machines, as firmware names them.
const MAKERS: [&str; 9] =
    ["QEMU", "KVM", "VMware", "innotek", "VirtualBox", "Xen", "Bochs", "Parallels", "OpenStack"];

/// Reports it without a warning: the effect of a hypervisor on figures is measured as steal, and other checks may be
/// unknown because of it.
pub(super) fn look(machine: &Machine) -> Outcome {
    match is_virtual(machine)? {
        true => {
            Ok(Finding::ok(product(machine).map_or("yes".to_owned(), |product| format!("yes ({product})"))))
        }
        false => Ok(Finding::ok("no")),
    }
}

/// Whether this is a virtual machine. Processors of the x86 family have the flag `hypervisor` in every virtual machine
/// (CPUID leaf 1, ECX bit 31, which hardware leaves zero). Others have no flag: for these, only the firmware may show
/// it.
pub(super) fn is_virtual(machine: &Machine) -> Result<bool, Unknown> {
    let cpuinfo = machine.text("/proc/cpuinfo")?;
    let flags = cpuinfo.lines().find_map(|line| line.strip_prefix("flags")?.split_once(':'));
    if let Some((_, flags)) = flags {
        return Ok(flags.split_whitespace().any(|flag| flag == "hypervisor"));
    }
    let told = ["/sys/hypervisor/type", "/proc/device-tree/hypervisor"].iter().any(|path| machine.has(path));
    let made = product(machine).is_some_and(|product| MAKERS.iter().any(|maker| product.contains(maker)));
    if told || made {
        return Ok(true);
    }
    Err(Unknown::new("nothing shows whether this machine is virtual", "systemd-detect-virt --vm"))
}

/// Returns the maker and the product, as the firmware names them.
fn product(machine: &Machine) -> Option<String> {
    let field = |name: &str| machine.text(&format!("/sys/class/dmi/id/{name}")).ok();
    let (maker, product) = (field("sys_vendor")?, field("product_name")?);
    Some(if product.starts_with(&maker) { product } else { format!("{maker} {product}") })
}

/// Returns the reason why a property of the processors cannot be seen from within a virtual machine.
pub(super) fn hidden() -> Unknown {
    Unknown::new(
        "the hypervisor decides, and does not show it",
        "look on the host, or take a dedicated or bare-metal instance",
    )
}

/// Returns the reason why something is missing: the hypervisor hides it, or else `missing`. The advice depends on
/// whether there is a hypervisor, which may be unknown.
pub(super) fn hidden_or(machine: &Machine, missing: Unknown) -> Unknown {
    match is_virtual(machine) {
        Ok(true) => hidden(),
        Ok(false) => missing,
        Err(Unknown { advice, .. }) => Unknown { advice, ..missing },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bench_os::testing::MadeUp;

    #[test]
    fn the_flag_decides_where_there_are_flags() {
        let made =
            MadeUp::new(&[("/proc/cpuinfo", "processor\t: 0\nflags\t\t: fpu hypervisor sse\nbugs\t: x\n")]);
        assert_eq!(look(&made.machine), Ok(Finding::ok("yes")));
        made.write("/sys/class/dmi/id/sys_vendor", "Amazon EC2\n");
        made.write("/sys/class/dmi/id/product_name", "m7i.large\n");
        assert_eq!(look(&made.machine), Ok(Finding::ok("yes (Amazon EC2 m7i.large)")));
        made.write("/proc/cpuinfo", "processor\t: 0\nflags\t\t: fpu sse\n");
        assert_eq!(look(&made.machine), Ok(Finding::ok("no")));
    }

    #[test]
    fn without_flags_the_firmware_is_asked_and_nothing_is_guessed() {
        let made = MadeUp::new(&[("/proc/cpuinfo", "processor\t: 0\nFeatures\t: fp asimd\n")]);
        assert!(look(&made.machine).is_err());
        made.write("/sys/class/dmi/id/sys_vendor", "QEMU");
        made.write("/sys/class/dmi/id/product_name", "QEMU Virtual Machine");
        assert_eq!(look(&made.machine), Ok(Finding::ok("yes (QEMU Virtual Machine)")));
        made.remove("/proc/cpuinfo");
        assert_eq!(look(&made.machine).expect_err("no file").reason, "there is no /proc/cpuinfo");
    }
}
