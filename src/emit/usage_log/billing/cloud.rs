//! Which cloud this machine is in, by what its firmware says: nothing is asked over the network.

/// A cloud that has tokens for its machines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cloud {
    Google,
    /// Known, but its tokens are nothing that is fetched here.
    Amazon,
    None,
}

/// The cloud of this machine; `metadata_host` is what Google's own programs are told where their server stands elsewhere.
pub(super) fn detect(metadata_host: Option<&str>) -> Cloud {
    if metadata_host.is_some() {
        return Cloud::Google;
    }
    let read = |file: &str| std::fs::read_to_string(format!("/sys/class/dmi/id/{file}")).unwrap_or_default();
    of(&read("product_name"), &read("sys_vendor"))
}

fn of(product: &str, vendor: &str) -> Cloud {
    match (product.trim(), vendor.trim()) {
        ("Google" | "Google Compute Engine", _) => Cloud::Google,
        (_, "Amazon EC2") => Cloud::Amazon,
        _ => Cloud::None,
    }
}

#[cfg(test)]
mod tests {
    use super::{Cloud, of};

    #[test]
    fn a_machine_is_known_by_its_firmware() {
        assert_eq!(of("Google Compute Engine\n", "Google\n"), Cloud::Google);
        assert_eq!(of("m5.large\n", "Amazon EC2\n"), Cloud::Amazon);
        assert_eq!(of("", ""), Cloud::None);
        assert_eq!(of("Standard PC", "QEMU"), Cloud::None);
    }
}
