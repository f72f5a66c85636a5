//! The shuffle filter: the first bytes of all numbers, then all second bytes, and so on, which
//! compresses better. Both directions walk in small tiles, so that each plane is read and written
//! in runs.

/// Puts the bytes of each number back together.
pub(super) fn unshuffle(planes: &[u8], size: usize, out: &mut [u8]) {
    match size {
        2 => unshuffle_sized::<2>(planes, out),
        4 => unshuffle_sized::<4>(planes, out),
        8 => unshuffle_sized::<8>(planes, out),
        _ => unshuffle_any(planes, size, out),
    }
}

/// Numbers handled together.
const TILE: usize = 32;

fn unshuffle_sized<const SIZE: usize>(planes: &[u8], out: &mut [u8]) {
    let numbers = planes.len() / SIZE;
    let plane: [&[u8]; SIZE] = std::array::from_fn(|byte| &planes[byte * numbers..][..numbers]);
    let (whole, tail) = out[..planes.len()].split_at_mut(numbers * SIZE);
    let (pieces, _) = whole.as_chunks_mut::<SIZE>();
    for (tile, target) in pieces.chunks_mut(TILE).enumerate() {
        let start = tile * TILE;
        if target.len() == TILE {
            let runs: [&[u8; TILE]; SIZE] = std::array::from_fn(|byte| {
                plane[byte][start..start + TILE].try_into().expect("a full tile")
            });
            for (position, number) in target.iter_mut().enumerate() {
                *number = std::array::from_fn(|byte| runs[byte][position]);
            }
        } else {
            for (position, number) in target.iter_mut().enumerate() {
                *number = std::array::from_fn(|byte| plane[byte][start + position]);
            }
        }
    }
    tail.copy_from_slice(&planes[numbers * SIZE..]);
}

fn unshuffle_any(planes: &[u8], size: usize, out: &mut [u8]) {
    let numbers = planes.len() / size.max(1);
    for (position, number) in out.chunks_exact_mut(size.max(1)).take(numbers).enumerate() {
        for (byte, target) in number.iter_mut().enumerate() {
            *target = planes[byte * numbers + position];
        }
    }
    let rest = numbers * size.max(1);
    out[rest..planes.len()].copy_from_slice(&planes[rest..]);
}

/// Takes the bytes of each number apart.
pub(super) fn shuffle(bytes: &[u8], size: usize, planes: &mut [u8]) {
    let numbers = bytes.len() / size.max(1);
    for (byte, plane) in planes.chunks_exact_mut(numbers.max(1)).take(size).enumerate() {
        for (target, number) in plane.iter_mut().zip(bytes.chunks_exact(size)) {
            *target = number[byte];
        }
    }
    let rest = numbers * size.max(1);
    planes[rest..bytes.len()].copy_from_slice(&bytes[rest..]);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_and_back_for_every_size_and_length() {
        for size in [1, 2, 3, 4, 8, 16] {
            for length in [0, 1, 7, 64, 259, 1000] {
                let bytes: Vec<u8> = (0..length).map(|i| (i * 7 % 251) as u8).collect();
                let mut planes = vec![0; length];
                let mut back = vec![0; length];
                shuffle(&bytes, size, &mut planes);
                unshuffle(&planes, size, &mut back);
                assert_eq!(back, bytes, "{length} bytes in numbers of {size}");
            }
        }
        let mut planes = [0; 6];
        shuffle(&[1, 2, 3, 4, 5, 6], 2, &mut planes);
        assert_eq!(planes, [1, 3, 5, 2, 4, 6]);
    }
}
