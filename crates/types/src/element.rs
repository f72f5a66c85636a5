//! The number types a vector file may hold.

use half::{bf16, f16};

/// The type of one vector component, as stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Element {
    /// One byte, zero or one.
    Bool,
    /// Signed 8-bit integer.
    I8,
    /// Unsigned 8-bit integer; for the bit metrics, eight packed bits.
    U8,
    /// Signed 16-bit integer.
    I16,
    /// Unsigned 16-bit integer.
    U16,
    /// Signed 32-bit integer.
    I32,
    /// Unsigned 32-bit integer.
    U32,
    /// Signed 64-bit integer.
    I64,
    /// Unsigned 64-bit integer.
    U64,
    /// 8-bit float, 4 exponent and 3 mantissa bits, no infinities (`float8_e4m3fn`).
    F8E4M3,
    /// 8-bit float, 5 exponent and 2 mantissa bits (`float8_e5m2`).
    F8E5M2,
    /// IEEE half precision.
    F16,
    /// The upper half of an f32.
    Bf16,
    /// IEEE single precision.
    F32,
    /// IEEE double precision.
    F64,
}

impl Element {
    /// Every element, in the order documentation lists them.
    pub const ALL: [Element; 15] = [
        Element::Bool,
        Element::I8,
        Element::U8,
        Element::I16,
        Element::U16,
        Element::I32,
        Element::U32,
        Element::I64,
        Element::U64,
        Element::F8E4M3,
        Element::F8E5M2,
        Element::F16,
        Element::Bf16,
        Element::F32,
        Element::F64,
    ];

    /// Size of one component in bytes.
    pub const fn bytes(self) -> usize {
        match self {
            Element::Bool | Element::I8 | Element::U8 | Element::F8E4M3 | Element::F8E5M2 => 1,
            Element::I16 | Element::U16 | Element::F16 | Element::Bf16 => 2,
            Element::I32 | Element::U32 | Element::F32 => 4,
            Element::I64 | Element::U64 | Element::F64 => 8,
        }
    }

    /// The short name used on the command line and in JSON, such as `f32`.
    pub const fn name(self) -> &'static str {
        match self {
            Element::Bool => "bool",
            Element::I8 => "i8",
            Element::U8 => "u8",
            Element::I16 => "i16",
            Element::U16 => "u16",
            Element::I32 => "i32",
            Element::U32 => "u32",
            Element::I64 => "i64",
            Element::U64 => "u64",
            Element::F8E4M3 => "f8e4m3",
            Element::F8E5M2 => "f8e5m2",
            Element::F16 => "f16",
            Element::Bf16 => "bf16",
            Element::F32 => "f32",
            Element::F64 => "f64",
        }
    }

    /// The element with this short name, or with NumPy's name for it (`float32`, `int8`, ..).
    pub fn from_name(name: &str) -> Option<Element> {
        let numpy = match name {
            "float16" => "f16",
            "bfloat16" => "bf16",
            "float32" => "f32",
            "float64" => "f64",
            "int8" => "i8",
            "uint8" => "u8",
            "int16" => "i16",
            "uint16" => "u16",
            "int32" => "i32",
            "uint32" => "u32",
            "int64" => "i64",
            "uint64" => "u64",
            "float8_e4m3fn" => "f8e4m3",
            "float8_e5m2" => "f8e5m2",
            short => short,
        };
        Element::ALL.into_iter().find(|element| element.name() == numpy)
    }

    /// Whether values have a fraction.
    pub const fn is_float(self) -> bool {
        matches!(
            self,
            Element::F8E4M3
                | Element::F8E5M2
                | Element::F16
                | Element::Bf16
                | Element::F32
                | Element::F64
        )
    }

    /// Whether every value of this type is also an f32, so that converting loses nothing.
    pub const fn fits_f32(self) -> bool {
        !matches!(self, Element::I32 | Element::U32 | Element::I64 | Element::U64 | Element::F64)
    }

    /// One stored component as f64, from its native-endian bytes.
    ///
    /// # Panics
    /// If `bytes` is not exactly [`bytes`](Element::bytes) long.
    pub fn read_f64(self, bytes: &[u8]) -> f64 {
        macro_rules! number {
            ($kind:ty) => {
                <$kind>::from_ne_bytes(bytes.try_into().expect("one component"))
            };
        }
        match self {
            Element::Bool => f64::from(u8::from(bytes[0] != 0)),
            Element::I8 => f64::from(number!(i8)),
            Element::U8 => f64::from(number!(u8)),
            Element::I16 => f64::from(number!(i16)),
            Element::U16 => f64::from(number!(u16)),
            Element::I32 => f64::from(number!(i32)),
            Element::U32 => f64::from(number!(u32)),
            Element::I64 => number!(i64) as f64,
            Element::U64 => number!(u64) as f64,
            Element::F8E4M3 => f64::from(f8e4m3_to_f32(bytes[0])),
            Element::F8E5M2 => f64::from(f8e5m2_to_f32(bytes[0])),
            Element::F16 => number!(f16).to_f64(),
            Element::Bf16 => number!(bf16).to_f64(),
            Element::F32 => f64::from(number!(f32)),
            Element::F64 => number!(f64),
        }
    }
}

impl std::fmt::Display for Element {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

/// `float8_e4m3fn`: bias 7, no infinities, all ones is NaN (OCP 8-bit floating point, 2023).
fn f8e4m3_to_f32(byte: u8) -> f32 {
    let exponent = i32::from(byte >> 3 & 0xf);
    let mantissa = f32::from(byte & 7);
    let magnitude = match (exponent, byte & 7) {
        (15, 7) => f32::NAN,
        (0, _) => mantissa / 8.0 * 2f32.powi(-6),
        _ => (1.0 + mantissa / 8.0) * 2f32.powi(exponent - 7),
    };
    if byte & 0x80 == 0 { magnitude } else { -magnitude }
}

/// `float8_e5m2`: the upper byte of an f16.
fn f8e5m2_to_f32(byte: u8) -> f32 {
    f16::from_bits(u16::from(byte) << 8).to_f32()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique_and_found_again() {
        for element in Element::ALL {
            assert_eq!(Element::from_name(element.name()), Some(element));
        }
        assert_eq!(Element::from_name("float32"), Some(Element::F32));
        assert_eq!(Element::from_name("complex64"), None);
    }

    #[test]
    fn eight_bit_floats_have_their_landmarks() {
        assert_eq!(f8e4m3_to_f32(0x7e), 448.0);
        assert_eq!(f8e4m3_to_f32(0x01), 2f32.powi(-9));
        assert_eq!(f8e4m3_to_f32(0xb8), -1.0);
        assert!(f8e4m3_to_f32(0x7f).is_nan());
        assert_eq!(f8e5m2_to_f32(0x3c), 1.0);
        assert_eq!(f8e5m2_to_f32(0x7c), f32::INFINITY);
    }
}
