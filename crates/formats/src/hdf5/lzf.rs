//! LZF, the fast compression that h5py registers as filter 32000.
//!
//! A stream of tokens: a byte below 32 is followed by that many literal bytes and one more; any
//! other byte holds in its upper three bits a length (7: a length byte follows) and in its lower
//! five, with the next byte, a distance back into what is already written (Marc Lehmann's LibLZF).

use anear_types::{Error, Result};

/// Decodes `input` into `out`; returns how many bytes came out.
pub(super) fn decode(input: &[u8], out: &mut [u8]) -> Result<usize> {
    let mut rest = input;
    let mut written = 0;
    while let Some((&control, after)) = rest.split_first() {
        rest = after;
        let control = usize::from(control);
        if control < 32 {
            let literals = rest.split_at_checked(control + 1).ok_or_else(damaged)?;
            let target = out.get_mut(written..written + literals.0.len()).ok_or_else(too_long)?;
            target.copy_from_slice(literals.0);
            written += literals.0.len();
            rest = literals.1;
            continue;
        }
        let mut length = control >> 5;
        if length == 7 {
            length += usize::from(take(&mut rest)?);
        }
        length += 2;
        let distance = ((control & 31) << 8) + usize::from(take(&mut rest)?) + 1;
        let from = written.checked_sub(distance).ok_or_else(damaged)?;
        if written + length > out.len() {
            return Err(too_long());
        }
        if distance >= length {
            out.copy_within(from..from + length, written);
        } else {
            for position in written..written + length {
                out[position] = out[position - distance];
            }
        }
        written += length;
    }
    Ok(written)
}

fn take(rest: &mut &[u8]) -> Result<u8> {
    let (first, after) = rest.split_first().ok_or_else(damaged)?;
    *rest = after;
    Ok(*first)
}

fn damaged() -> Error {
    Error::malformed("an LZF chunk is damaged")
}

fn too_long() -> Error {
    Error::malformed("an LZF chunk decodes to more bytes than the chunk has")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn literals_repeats_and_overlaps() {
        // "abc", then 3 bytes from 3 back, then 9 + 1 + 2 bytes from 1 back.
        let input = [2, b'a', b'b', b'c', 1 << 5, 2, 7 << 5, 3, 0];
        let mut out = [0; 32];
        let length = decode(&input, &mut out).unwrap();
        assert_eq!(&out[..length], b"abcabccccccccccccc");
        assert!(decode(&input, &mut [0; 5]).is_err());
        assert!(decode(&[1 << 5, 0], &mut out).is_err(), "back to before the beginning");
        assert!(decode(&[5, 1], &mut out).is_err(), "fewer literals than promised");
    }
}
