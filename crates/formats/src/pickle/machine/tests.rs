use super::*;
use crate::pickle::Pickle;
use anear_types::ErrorKind;

/// The value as Python would print it, more or less.
fn shown(bytes: &[u8]) -> Result<String> {
    let loaded = load(bytes, bytes.len() as u64, &Limits::default())?;
    Ok(show(&Pickle::new(&loaded.arena, bytes), loaded.root, 0))
}

fn show(pickle: &Pickle<'_>, id: NodeId, depth: usize) -> String {
    if depth > 8 {
        return "..".to_owned();
    }
    let all = |members: &[NodeId]| {
        let shown: Vec<String> = members.iter().map(|id| show(pickle, *id, depth + 1)).collect();
        shown.join(",")
    };
    match pickle.node(id) {
        Node::None => "None".to_owned(),
        Node::Bool(value) => value.to_string(),
        Node::Int(value) => value.to_string(),
        Node::BigInt(_) => pickle.big_int(id).map_or("huge".to_owned(), |value| value.to_string()),
        Node::Float(value) => format!("{value:?}"),
        Node::Text(_) => format!("{:?}", pickle.text(id).unwrap_or("invalid")),
        Node::OldString(span) | Node::Bytes(span) => {
            format!("b'{}'", pickle.bytes(span).escape_ascii())
        }
        Node::Tuple { .. } => format!("({})", all(pickle.sequence(id).unwrap())),
        Node::List(_) => format!("[{}]", all(pickle.sequence(id).unwrap())),
        Node::Set(_) => "{..}".to_owned(),
        Node::Dict(_) => {
            let pairs = pickle.pairs(id).unwrap();
            let pair = |(key, value)| {
                format!("{}:{}", show(pickle, key, depth + 1), show(pickle, value, depth + 1))
            };
            format!("{{{}}}", pairs.into_iter().map(pair).collect::<Vec<_>>().join(","))
        }
        Node::Global(_) => pickle.dotted(id).unwrap(),
        Node::Persistent(inner) => format!("<{}>", show(pickle, inner, depth + 1)),
        Node::Object(_) => {
            let call = pickle.call(id).unwrap();
            let state = call.state.map_or(String::new(), |id| show(pickle, id, depth + 1));
            let (arguments, items) = (all(call.arguments), all(call.items));
            format!("{}({arguments}){state}[{items}]", pickle.describe(id))
        }
    }
}

/// Programs that use every opcode, and what they leave.
const GOOD: &[(&[u8], &str)] = &[
    (b"N.", "None"),
    (b"\x80\x02\x88.", "true"),
    (b"\x80\x02\x89.", "false"),
    (b"I01\n.", "true"),
    (b"I00\n.", "false"),
    (b"I-12\n.", "-12"),
    (b"L123L\n.", "123"),
    (b"L170141183460469231731687303715884105728L\n.", "huge"),
    (b"K\xff.", "255"),
    (b"M\xff\xff.", "65535"),
    (b"J\xfe\xff\xff\xff.", "-2"),
    (b"\x8a\0.", "0"),
    (b"\x8a\x01\xff.", "-1"),
    (b"\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19.", "119547037146038801333356"),
    (b"\x8a\x11\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x01.", "huge"),
    (b"\x8b\x02\0\0\0\x01\x02.", "513"),
    (b"F-1.5e3\n.", "-1500.0"),
    (b"Fnan\n.", "NaN"),
    (b"G?\xf8\0\0\0\0\0\0.", "1.5"),
    (b"Vab\\u00e9\n.", "\"ab\u{e9}\""),
    (b"Vplain\n.", "\"plain\""),
    (b"S'it\\'s'\n.", "b'it\\'s'"),
    (b"S 'plain'\n.", "b'plain'"),
    (b"T\x02\0\0\0ab.", "b'ab'"),
    (b"U\x02ab.", "b'ab'"),
    (b"X\x02\0\0\0ab.", "\"ab\""),
    (b"\x8c\x02ab.", "\"ab\""),
    (b"\x8c\x02\xff\xfe.", "\"invalid\""),
    (b"\x8d\x02\0\0\0\0\0\0\0ab.", "\"ab\""),
    (b"B\x02\0\0\0a\0.", "b'a\\x00'"),
    (b"C\x01a.", "b'a'"),
    (b"\x8e\x01\0\0\0\0\0\0\0a.", "b'a'"),
    (b"\x96\x01\0\0\0\0\0\0\0a.", "b'a'"),
    (b").", "()"),
    (b"(t.", "()"),
    (b"(K\x01K\x02t.", "(1,2)"),
    (b"K\x01\x85.", "(1)"),
    (b"K\x01K\x02\x86.", "(1,2)"),
    (b"K\x01K\x02K\x03\x87.", "(1,2,3)"),
    (b"].", "[]"),
    (b"]K\x01a(K\x02K\x03e.", "[1,2,3]"),
    (b"(K\x01l.", "[1]"),
    (b"}.", "{}"),
    (b"}K\x01Ns(K\x02\x88K\x03\x89u.", "{1:None,2:true,3:false}"),
    (b"(K\x01Nd.", "{1:None}"),
    (b"\x8f(K\x01\x90.", "{..}"),
    (b"(K\x01\x91.", "{..}"),
    (b"K\x010K\x02.", "2"),
    (b"K\x02(K\x01K\x011.", "2"),
    (b"K\x02(0.", "2"),
    (b"K\x022\x86.", "(2,2)"),
    (b"K\x01p0\n0g0\n.", "1"),
    (b"K\x01q\x050h\x05.", "1"),
    (b"K\x01r\xff\xff\xff\xff0j\xff\xff\xff\xff.", "1"),
    (b"\x80\x04\x95\x05\0\0\0\0\0\0\0K\x01\x940h\0.", "1"),
    (b"]q\0h\0a.", "[[[[[[[[[..]]]]]]]]]"),
    (b"ctorch\nfloat32\n.", "torch.float32"),
    (b"\x8c\x05torch\x8c\x07float32\x93.", "torch.float32"),
    (b"ctorch\nSize\n(K\x01K\x02t\x85R.", "torch.Size((1,2))[]"),
    (b"c_codecs\nencode\nX\x01\0\0\0aX\x06\0\0\0latin1\x86R.", "bytes(\"a\",\"latin1\")[]"),
    (b"ccollections\nOrderedDict\n)RK\x01NsN}b.", "error"),
    (b"ccollections\nOrderedDict\n)RK\x01Ns}b.", "{1:None}"),
    (b"ccollections\nOrderedDict\n]]K\x01aNaa\x85R.", "a dictionary([[1,None]])[]"),
    (b"cnumpy\nndarray\n)\x81K\x01b.", "numpy.ndarray()1[]"),
    (b"cnumpy\nndarray\n)}\x92.", "numpy.ndarray()[]"),
    (b"(cnumpy\nndarray\nK\x01o.", "numpy.ndarray(1)[]"),
    (b"(cnumpy\nndarray\no.", "numpy.ndarray()[]"),
    (b"(K\x01inumpy\nndarray\n.", "numpy.ndarray(1)[]"),
    (b"Pkey\n.", "<\"key\">"),
    (b"K\x07Q.", "<7>"),
];

#[test]
fn every_opcode_does_what_python_does() {
    for (program, expected) in GOOD {
        match shown(program) {
            Ok(got) => assert_eq!(got, *expected, "{}", program.escape_ascii()),
            Err(error) => assert_eq!(*expected, "error", "{error}"),
        }
    }
    let refused = [op::EXT1, op::EXT2, op::EXT4, op::NEXT_BUFFER, op::READONLY_BUFFER];
    for opcode in refused {
        let error = shown(&[opcode, 1, 0, 0, 0, b'.']).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unsupported, "0x{opcode:02x}");
    }
}

#[test]
fn broken_programs_are_errors() {
    let bad: &[&[u8]] = &[
        b"",
        b".",
        b"0.",
        b"1.",
        b"2.",
        b"t.",
        b"\x85.",
        b"(K\x01\x86.",
        b"K\x01(a.",
        b"](K\x01a.",
        b"K\x01a.",
        b"NK\x01a.",
        b"}(K\x01u.",
        b"}K\x01s.",
        b"(K\x01d.",
        b"](K\x01NuK.",
        b"Nb.",
        b"K\x01K\x02b.",
        b"h\x07.",
        b"g-1\n.",
        b"gx\n.",
        b"g99999999999\n.",
        b"p0\n.",
        b"\x94.",
        b"\xfe.",
        b"\x80\x63N.",
        b"\x95\xff\xff\xff\xff\xff\xff\xff\x7fN.",
        b"\x8b\xff\xff\xff\xff.",
        b"T\xff\xff\xff\xff.",
        b"X\xff\xff\xff\xffabc.",
        b"\x8e\0\0\0\0\0\0\0\x40abc.",
        b"Ix\n.",
        b"I1",
        b"Fx\n.",
        b"Sx\n.",
        b"N)R.",
        b"cnumpy\nndarray\nNR.",
        b"(o.",
        b"(No.",
        b"K\x01K\x02\x93.",
        b"K\x01\x93.",
        b"Q.",
        b"cos\nsystem\n.",
        b"\x8c\x02os\x8c\x06system\x93.",
        b"(ios\nsystem\n.",
        b"cnumpy\nrunstring\n.",
    ];
    for program in bad {
        assert!(shown(program).is_err(), "{}", program.escape_ascii());
    }
    let error = shown(b"cos\nsystem\n(S'touch x'\ntR.").unwrap_err();
    assert!(error.what().contains("os.system"), "{error}");
}

#[test]
fn depth_and_sharing_cost_nothing() {
    let deep = [vec![op::EMPTY_LIST; 200_000], vec![op::APPEND; 199_999], vec![op::STOP]].concat();
    assert!(shown(&deep).is_ok());
    let mut laughs = b"]q\0".to_vec();
    for number in 0..200u8 {
        laughs.extend([b'(', b'h', number, b'h', number, b'l', b'q', number + 1]);
    }
    laughs.push(op::STOP);
    assert!(load(&laughs, laughs.len() as u64, &Limits::default()).is_ok());
}

#[test]
fn a_program_out_of_proportion_is_refused() {
    let long = [[op::NONE, op::POP].repeat(1 << 20), b"N.".to_vec()].concat();
    let error = load(&long, 1000, &Limits::default()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Limit);
    assert!(load(&long, long.len() as u64, &Limits::default()).is_ok());
    assert!(load(&long, 1000, &Limits::none()).is_ok());
}

#[test]
fn every_truncation_is_an_error() {
    for (program, expected) in GOOD {
        let Ok(loaded) = load(program, 1000, &Limits::default()) else { continue };
        assert_eq!(loaded.length, program.len(), "{expected}");
        for end in 0..program.len() {
            // A prefix may end in what happens to be the last opcode.
            if let Ok(loaded) = load(&program[..end], 1000, &Limits::default()) {
                assert!(loaded.length <= end);
            }
        }
    }
}

#[test]
fn no_bytes_make_it_panic() {
    let all: Vec<u8> =
        GOOD.iter().flat_map(|(program, _)| &program[..program.len() - 1]).copied().collect();
    let mut random = 0x9e37_79b9_7f4a_7c15_u64;
    let mut next = move || {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        random as usize
    };
    for round in 0..20_000 {
        let mut program = match round % 3 {
            0 => all.clone(),
            1 => GOOD[next() % GOOD.len()].0.to_vec(),
            _ => {
                let start = next() % all.len();
                all[start..(start + 60).min(all.len())].to_vec()
            }
        };
        for _ in 0..=next() % 6 {
            let place = next() % program.len();
            match next() % 3 {
                0 => program[place] = next() as u8,
                1 => program.insert(place, next() as u8),
                _ => program.truncate(place + 1),
            }
        }
        program.push(op::STOP);
        let _ = shown(&program);
    }
}
