//! Who made the processor.

/// Whether it is of AMD (or Hygon, which makes the same).
#[cfg(target_arch = "x86_64")]
pub(crate) fn is_amd() -> bool {
    use std::arch::x86_64::__cpuid;
    // The name of the maker: twelve letters in three registers.
    let leaf = __cpuid(0);
    let name = [leaf.ebx, leaf.edx, leaf.ecx].map(u32::to_le_bytes).concat();
    matches!(&name[..], b"AuthenticAMD" | b"HygonGenuine")
}
