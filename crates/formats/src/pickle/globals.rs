//! The names a pickle may mention. Whatever is not in this table is refused before anything is
//! made of it; whatever is in it is a label, never a function.

use anear_types::{Element, Error, Result};

/// What an allowed name stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Global {
    /// `OrderedDict` and its relatives: a dictionary.
    Mapping,
    /// `_codecs.encode`: how protocols 0 to 2 write bytes.
    Encode,
    /// `bytes`.
    Bytes,
    /// `bytearray`.
    ByteArray,
    /// `set` and `frozenset`.
    Set,
    /// NumPy's `_reconstruct`, completed by a state.
    Reconstruct,
    /// NumPy's `_frombuffer`.
    FromBuffer,
    /// A NumPy scalar.
    Scalar,
    /// The class `numpy.ndarray`.
    NdArray,
    /// `numpy.dtype`.
    DType,
    /// A torch tensor: storage, offset, size, stride, ..
    Tensor,
    /// The same, where a last argument names the type.
    TypedTensor,
    /// A tensor with a gradient.
    Parameter,
    /// A tensor with attributes of its own.
    FromType,
    /// A class of tensors.
    TensorClass,
    /// `torch.storage._load_from_bytes`: a torch file inside bytes.
    LoadFromBytes,
    /// The class of a storage; without an element, one that is not supported.
    Storage(Option<Element>),
    /// The class of a storage without a type.
    UntypedStorage,
    /// `torch.float32` and so on; without an element, one that is not supported.
    TorchType(Option<Element>),
    /// `torch.Size`: a tuple.
    Size,
    /// `datetime.date`.
    Date,
    /// `datetime.time`.
    Time,
    /// `datetime.datetime`.
    DateTime,
    /// `datetime.timedelta`.
    TimeDelta,
    /// `datetime.timezone`.
    TimeZone,
    /// A path of Python's `pathlib`, with what stands between its parts.
    Path(char),
    /// LangChain's documents by their ids.
    Docstore,
    /// LangChain's text with metadata.
    Document,
    /// Something harmless that is no matrix of numbers; the text completes "it is ..".
    Other(&'static str),
}

/// A row of the table.
struct Allowed {
    module: &'static str,
    name: &'static str,
    global: Global,
}

const fn allow(module: &'static str, name: &'static str, global: Global) -> Allowed {
    Allowed { module, name, global }
}

const SPARSE: Global = Global::Other("a sparse tensor");
const QUANTIZED: Global = Global::Other("a quantized tensor");
const NO_DATA: Global = Global::Other("a tensor without data");
const CLASS: Global = Global::Other("a Python class");

/// Sources: what NumPy 1.26 and 2.4, torch 1.13 to 2.15 and LangChain 0.0.101 to 1.0 write, and
/// `torch.load`'s own list for `weights_only=True`. Modules are in their newest spelling, see [`modern`].
static ALLOWED: &[Allowed] = &[
    allow("collections", "OrderedDict", Global::Mapping),
    allow("collections", "defaultdict", Global::Mapping),
    allow("collections", "Counter", Global::Mapping),
    allow("_codecs", "encode", Global::Encode),
    allow("builtins", "bytes", Global::Bytes),
    allow("builtins", "bytearray", Global::ByteArray),
    allow("builtins", "set", Global::Set),
    allow("builtins", "frozenset", Global::Set),
    allow("builtins", "complex", Global::Other("a complex number")),
    allow("builtins", "dict", CLASS),
    allow("builtins", "list", CLASS),
    allow("builtins", "tuple", CLASS),
    allow("builtins", "int", CLASS),
    allow("builtins", "float", CLASS),
    allow("builtins", "str", CLASS),
    allow("builtins", "bool", CLASS),
    allow("numpy._core.multiarray", "_reconstruct", Global::Reconstruct),
    allow("numpy._core.numeric", "_frombuffer", Global::FromBuffer),
    allow("numpy._core.multiarray", "scalar", Global::Scalar),
    allow("numpy", "ndarray", Global::NdArray),
    allow("numpy", "dtype", Global::DType),
    allow("torch._utils", "_rebuild_tensor", Global::Tensor),
    allow("torch._utils", "_rebuild_tensor_v2", Global::Tensor),
    allow("torch._utils", "_rebuild_tensor_v3", Global::TypedTensor),
    allow("torch._utils", "_rebuild_parameter", Global::Parameter),
    allow("torch._utils", "_rebuild_parameter_with_state", Global::Parameter),
    allow("torch._tensor", "_rebuild_from_type_v2", Global::FromType),
    allow("torch._utils", "_rebuild_sparse_tensor", SPARSE),
    allow("torch._utils", "_rebuild_sparse_csr_tensor", SPARSE),
    allow("torch._utils", "_rebuild_nested_tensor", Global::Other("a nested tensor")),
    allow("torch._utils", "_rebuild_qtensor", QUANTIZED),
    allow("torch._utils", "_rebuild_meta_tensor_no_storage", NO_DATA),
    allow("torch._utils", "_rebuild_wrapper_subclass", NO_DATA),
    allow("torch.serialization", "_get_layout", Global::Other("a memory layout")),
    allow("torch.storage", "_load_from_bytes", Global::LoadFromBytes),
    allow("torch.storage", "UntypedStorage", Global::UntypedStorage),
    allow("torch", "UntypedStorage", Global::UntypedStorage),
    allow("torch", "Size", Global::Size),
    allow("torch", "device", Global::Other("the name of a device")),
    allow("torch", "Tensor", Global::TensorClass),
    allow("torch.nn.parameter", "Parameter", Global::TensorClass),
    allow("torch.nn.parameter", "Buffer", Global::TensorClass),
    allow("torch", "BoolStorage", Global::Storage(Some(Element::Bool))),
    allow("torch", "CharStorage", Global::Storage(Some(Element::I8))),
    allow("torch", "ByteStorage", Global::Storage(Some(Element::U8))),
    allow("torch", "ShortStorage", Global::Storage(Some(Element::I16))),
    allow("torch", "IntStorage", Global::Storage(Some(Element::I32))),
    allow("torch", "LongStorage", Global::Storage(Some(Element::I64))),
    allow("torch", "HalfStorage", Global::Storage(Some(Element::F16))),
    allow("torch", "BFloat16Storage", Global::Storage(Some(Element::Bf16))),
    allow("torch", "FloatStorage", Global::Storage(Some(Element::F32))),
    allow("torch", "DoubleStorage", Global::Storage(Some(Element::F64))),
    allow("torch", "ComplexFloatStorage", Global::Storage(None)),
    allow("torch", "ComplexDoubleStorage", Global::Storage(None)),
    allow("torch", "QUInt8Storage", Global::Storage(None)),
    allow("torch", "QInt8Storage", Global::Storage(None)),
    allow("torch", "QInt32Storage", Global::Storage(None)),
    allow("torch", "QUInt4x2Storage", Global::Storage(None)),
    allow("torch", "QUInt2x4Storage", Global::Storage(None)),
    allow("torch", "bool", Global::TorchType(Some(Element::Bool))),
    allow("torch", "int8", Global::TorchType(Some(Element::I8))),
    allow("torch", "uint8", Global::TorchType(Some(Element::U8))),
    allow("torch", "int16", Global::TorchType(Some(Element::I16))),
    allow("torch", "uint16", Global::TorchType(Some(Element::U16))),
    allow("torch", "int32", Global::TorchType(Some(Element::I32))),
    allow("torch", "uint32", Global::TorchType(Some(Element::U32))),
    allow("torch", "int64", Global::TorchType(Some(Element::I64))),
    allow("torch", "uint64", Global::TorchType(Some(Element::U64))),
    allow("torch", "float8_e4m3fn", Global::TorchType(Some(Element::F8E4M3))),
    allow("torch", "float8_e5m2", Global::TorchType(Some(Element::F8E5M2))),
    allow("torch", "float16", Global::TorchType(Some(Element::F16))),
    allow("torch", "bfloat16", Global::TorchType(Some(Element::Bf16))),
    allow("torch", "float32", Global::TorchType(Some(Element::F32))),
    allow("torch", "float64", Global::TorchType(Some(Element::F64))),
    allow("torch", "complex32", Global::TorchType(None)),
    allow("torch", "complex64", Global::TorchType(None)),
    allow("torch", "complex128", Global::TorchType(None)),
    allow("torch", "float8_e4m3fnuz", Global::TorchType(None)),
    allow("torch", "float8_e5m2fnuz", Global::TorchType(None)),
    allow("torch", "float8_e8m0fnu", Global::TorchType(None)),
    allow("torch", "float4_e2m1fn_x2", Global::TorchType(None)),
    allow("torch", "quint8", Global::TorchType(None)),
    allow("torch", "qint8", Global::TorchType(None)),
    allow("torch", "qint32", Global::TorchType(None)),
    allow("torch", "quint4x2", Global::TorchType(None)),
    allow("torch", "quint2x4", Global::TorchType(None)),
    allow("datetime", "date", Global::Date),
    allow("datetime", "time", Global::Time),
    allow("datetime", "datetime", Global::DateTime),
    allow("datetime", "timedelta", Global::TimeDelta),
    allow("datetime", "timezone", Global::TimeZone),
    allow("pathlib", "PosixPath", Global::Path('/')),
    allow("pathlib", "PurePosixPath", Global::Path('/')),
    allow("pathlib", "WindowsPath", Global::Path('\\')),
    allow("pathlib", "PureWindowsPath", Global::Path('\\')),
    allow("langchain_community.docstore.in_memory", "InMemoryDocstore", Global::Docstore),
    allow("langchain_core.documents.base", "Document", Global::Document),
];

/// The position of a name in the table.
///
/// # Errors
/// If it is not there; the message gives the name, since it tells what the file tried to do.
pub(super) fn find(module: &[u8], name: &[u8]) -> Result<u16> {
    let modern = modern(module);
    ALLOWED
        .iter()
        .position(|row| row.module.as_bytes() == modern && row.name.as_bytes() == name)
        .map(|position| position as u16)
        .ok_or_else(|| refuse(module, name))
}

/// What the name at a position of the table stands for.
pub(super) fn meaning(position: u16) -> Global {
    ALLOWED[usize::from(position)].global
}

/// The dotted name at a position of the table.
pub(super) fn dotted(position: u16) -> String {
    let row = &ALLOWED[usize::from(position)];
    format!("{}.{}", row.module, row.name)
}

/// NumPy 2 renamed `numpy.core`, Python 3 `__builtin__`, and LangChain moved its classes between
/// packages; old and new spellings are in use.
fn modern(module: &[u8]) -> &[u8] {
    match module {
        b"__builtin__" => b"builtins",
        b"numpy.core.multiarray" => b"numpy._core.multiarray",
        b"numpy.core.numeric" => b"numpy._core.numeric",
        b"pathlib._local" => b"pathlib",
        b"langchain.docstore.in_memory" => b"langchain_community.docstore.in_memory",
        b"langchain.schema" | b"langchain.schema.document" | b"langchain.docstore.document" => {
            b"langchain_core.documents.base"
        }
        same => same,
    }
}

fn refuse(module: &[u8], name: &[u8]) -> Error {
    let shown = |bytes: &[u8]| {
        let text = String::from_utf8_lossy(bytes);
        text.chars().take(80).collect::<String>()
    };
    let error = Error::unsupported(format!(
        "the pickle names {}.{}, which no vector needs; nothing was run",
        shown(module),
        shown(name)
    ));
    if module.starts_with(b"torch.nn.modules") {
        return error.help("save model.state_dict() instead of the whole model");
    }
    error
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_in_every_spelling_and_nothing_else_is() {
        for (module, name) in [
            ("numpy.core.multiarray", "_reconstruct"),
            ("numpy._core.multiarray", "_reconstruct"),
            ("__builtin__", "set"),
            ("torch", "float32"),
            ("langchain.schema", "Document"),
            ("langchain_core.documents.base", "Document"),
        ] {
            assert!(find(module.as_bytes(), name.as_bytes()).is_ok(), "{module}.{name}");
        }
        for (module, name) in [
            ("os", "system"),
            ("builtins", "eval"),
            ("numpy", "testing"),
            ("numpy._core.multiarray", "os.system"),
            ("torch._utils", "_rebuild_anything"),
            ("langchain.schema", "os"),
        ] {
            let error = find(module.as_bytes(), name.as_bytes()).unwrap_err();
            assert!(error.what().contains(&format!("{module}.{name}")), "{error}");
        }
    }

    #[test]
    fn no_name_is_listed_twice() {
        let mut seen = std::collections::HashSet::new();
        for row in ALLOWED {
            assert!(seen.insert((row.module, row.name)), "{}.{}", row.module, row.name);
        }
    }
}
