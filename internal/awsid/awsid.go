// Package awsid writes and reads the identifiers that AWS services give out:
// ARNs and UUIDs.
package awsid

import (
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"strings"
)

// UUID returns a random version 4 UUID in its lower-case text form.
func UUID() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails since Go 1.24
	b[6] = b[6]&0x0f | 0x40
	b[8] = b[8]&0x3f | 0x80
	var out [36]byte
	hex.Encode(out[0:8], b[0:4])
	out[8] = '-'
	hex.Encode(out[9:13], b[4:6])
	out[13] = '-'
	hex.Encode(out[14:18], b[6:8])
	out[18] = '-'
	hex.Encode(out[19:23], b[8:10])
	out[23] = '-'
	hex.Encode(out[24:36], b[10:16])
	return string(out[:])
}

// ARN writes an Amazon Resource Name in the partition "aws".
func ARN(service, region, account, resource string) string {
	return "arn:aws:" + service + ":" + region + ":" + account + ":" + resource
}

// Parts are the sections of an ARN; Resource keeps its own separators.
type Parts struct {
	Partition, Service, Region, Account, Resource string
}

// String writes the ARN again.
func (p Parts) String() string {
	return "arn:" + p.Partition + ":" + p.Service + ":" + p.Region + ":" + p.Account + ":" + p.Resource
}

// ParseARN splits an ARN into its sections. Region and account may be empty,
// partition, service and resource may not.
func ParseARN(s string) (Parts, error) {
	sections := strings.SplitN(s, ":", 6)
	if len(sections) != 6 || sections[0] != "arn" || sections[1] == "" || sections[2] == "" || sections[5] == "" {
		return Parts{}, fmt.Errorf("awsid: %q is not an ARN", s)
	}
	return Parts{sections[1], sections[2], sections[3], sections[4], sections[5]}, nil
}
