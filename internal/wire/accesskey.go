package wire

import (
	"encoding/base32"
	"encoding/binary"
	"hash/crc32"
	"strconv"
)

// accessKeyPrefix is that of the ids of temporary credentials.
const accessKeyPrefix = "ASIA"

// AccessKeyOf is the id of temporary credentials of an account, a number of 12
// digits: calls that it signs belong to the account. The serial tells the
// credentials of one account apart, up to 8,388,607. As in an id of AWS's own,
// the account is in its first bits; the last ones are a checksum, by which ids of
// AWS's own are not taken for these.
func AccessKeyOf(account string, serial uint32) string {
	number, err := strconv.ParseUint(account, 10, 40)
	if err != nil || !isAccount(account) {
		panic("wire: " + strconv.Quote(account) + " is no account number")
	}
	var b [10]byte
	binary.BigEndian.PutUint64(b[:8], (number<<23|uint64(serial)&0x7FFFFF)<<1)
	binary.BigEndian.PutUint16(b[8:], checkOf(b[:8]))
	return accessKeyPrefix + base32.StdEncoding.EncodeToString(b[:])
}

// AccountOfKey is the account whose calls an access key id signs: that of
// [AccessKeyOf], or the id itself where that is an account number.
func AccountOfKey(id string) (account string, ok bool) {
	if isAccount(id) {
		return id, true
	}
	if len(id) != len(accessKeyPrefix)+16 || id[:len(accessKeyPrefix)] != accessKeyPrefix {
		return "", false
	}
	b, err := base32.StdEncoding.DecodeString(id[len(accessKeyPrefix):])
	if err != nil || binary.BigEndian.Uint16(b[8:]) != checkOf(b[:8]) {
		return "", false
	}
	digits := strconv.FormatUint(binary.BigEndian.Uint64(b[:8])>>24, 10)
	for len(digits) < 12 {
		digits = "0" + digits
	}
	return digits, isAccount(digits)
}

func checkOf(b []byte) uint16 { return uint16(crc32.ChecksumIEEE(b) >> 7) }
