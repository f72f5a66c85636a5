//! Making the checksums of a file of sections right, so that what lies behind them is reached.

const HEADER_BYTES: usize = 64;
const RECORD_BYTES: usize = 64;

/// The file with the size and the checksums that go with its content, where there is room.
pub fn repaired(bytes: &[u8]) -> Vec<u8> {
    let mut file = bytes.to_vec();
    if file.len() < HEADER_BYTES {
        return file;
    }
    let number = |file: &[u8], at: usize| {
        file.get(at..at + 8).map(|bytes| u64::from_le_bytes(bytes.try_into().expect("eight")))
    };
    let put = |file: &mut [u8], at: usize, checksum: u32| {
        file[at..at + 4].copy_from_slice(&checksum.to_le_bytes());
    };
    let size = file.len() as u64;
    file[24..32].copy_from_slice(&size.to_le_bytes());
    let table = number(&file, 16).and_then(|offset| usize::try_from(offset).ok());
    if let Some(table) = table.filter(|table| *table <= file.len()) {
        let records = (table..file.len()).step_by(RECORD_BYTES);
        for record in records.filter(|record| record + RECORD_BYTES <= size as usize) {
            let (offset, length) = (number(&file, record + 32), number(&file, record + 40));
            let end = offset.zip(length).and_then(|(offset, length)| offset.checked_add(length));
            if let Some((offset, end)) = offset.zip(end).filter(|(_, end)| *end <= size) {
                let checksum = crc32fast::hash(&file[offset as usize..end as usize]);
                put(&mut file, record + 48, checksum);
            }
        }
        let checksum = crc32fast::hash(&file[table..]);
        put(&mut file, 32, checksum);
    }
    let checksum = crc32fast::hash(&file[..60]);
    put(&mut file, 60, checksum);
    file
}
