package messagingtest

import (
	"crypto/md5"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"math/big"
	"regexp"
	"strings"
	"unicode/utf8"
)

// transportType is the part of a data type before the label: String, Number
// or Binary.
func transportType(dataType string) string {
	base, _, _ := strings.Cut(dataType, ".")
	return base
}

func md5Hex(body string) string {
	sum := md5.Sum([]byte(body))
	return hex.EncodeToString(sum[:])
}

// md5OfAttributes is SQS's digest of message attributes: for each, in the
// order of names, length and bytes of name and data type, one byte for the
// kind of value, length and bytes of the value. "" when there are none.
func md5OfAttributes(attributes map[string]attributeValue) string {
	if len(attributes) == 0 {
		return ""
	}
	var b []byte
	for _, name := range sortedKeys(attributes) {
		v := attributes[name]
		b = appendSized(b, name)
		b = appendSized(b, v.DataType)
		if v.binary() {
			b = appendSized(append(b, 2), string(v.BinaryValue))
		} else {
			b = appendSized(append(b, 1), v.text())
		}
	}
	return md5Hex(string(b))
}

func appendSized(b []byte, s string) []byte {
	b = binary.BigEndian.AppendUint32(b, uint32(len(s)))
	return append(b, s...)
}

// forbidden returns the first character of s that SQS does not carry, as #xH;
// "" when there is none. Bytes that are no UTF-8 count as U+FFFD, which the
// JSON decoder has made of them already.
func forbidden(s string) string {
	for i := 0; i < len(s); {
		c := s[i]
		if c >= 0x20 && c < utf8.RuneSelf {
			i++
			continue
		}
		r, size := utf8.DecodeRuneInString(s[i:])
		i += size
		if r < 0x20 && r != '\t' && r != '\n' && r != '\r' || r == 0xFFFE || r == 0xFFFF {
			return fmt.Sprintf("#x%X", r)
		}
	}
	return ""
}

const allowedCharacters = "#x9 | #xA | #xD | [#x20 to #xD7FF] | [#xE000 to #xFFFD] | [#x10000 to #x10FFFF]"

// checkBody says what is wrong with the body of a message.
func checkBody(body string) error {
	if body == "" {
		return missingParameter("MessageBody")
	}
	if c := forbidden(body); c != "" {
		return sqsError("InvalidMessageContents",
			"Invalid binary character '%s' was found in the message body, the set of allowed characters is %s", c, allowedCharacters)
	}
	return nil
}

var attributeName = regexp.MustCompile(`^[A-Za-z0-9_.-]{1,256}$`)

// checkAttributes says what is wrong with the attributes of a message.
func checkAttributes(attributes map[string]attributeValue) error {
	if n := len(attributes); n > maxAttributes {
		return invalidParameter("Number of message attributes [%d] exceeds the allowed maximum [%d].", n, maxAttributes)
	}
	for _, name := range sortedKeys(attributes) {
		if err := checkAttributeName(name); err != nil {
			return err
		}
		if err := checkAttributeValue(name, attributes[name]); err != nil {
			return err
		}
	}
	return nil
}

func checkAttributeName(name string) error {
	lower := strings.ToLower(name)
	switch {
	case name == "":
		return invalidParameter("Message (user) attribute name can not be empty.")
	case len(name) > 256:
		return invalidParameter("Length of message attribute name must be less than 256 bytes.")
	case strings.HasPrefix(lower, "aws.") || strings.HasPrefix(lower, "amazon."):
		return invalidParameter("You can't use message attribute names beginning with 'AWS.' or 'Amazon.'. These strings are reserved for internal use.")
	case strings.HasPrefix(name, "."):
		return invalidParameter("Invalid message attribute name starting with character '.' was found.")
	case strings.HasSuffix(name, "."):
		return invalidParameter("Invalid message attribute name ending with character '.' was found.")
	case strings.Contains(name, ".."):
		return invalidParameter("Message attribute name can not have successive '.' character.")
	case !attributeName.MatchString(name):
		return invalidParameter("The message attribute name '%s' is invalid. Attribute name can contain A-Z, a-z, 0-9, underscore (_), hyphen (-), and period (.) characters.", name)
	}
	return nil
}

func checkAttributeValue(name string, v attributeValue) error {
	kind := transportType(v.DataType)
	switch {
	case v.DataType == "":
		return missingParameter("MessageAttributes." + name + ".DataType")
	case kind != "String" && kind != "Number" && kind != "Binary":
		return invalidParameter("The message attribute '%s' has an invalid message attribute type, the set of supported type prefixes is Binary, Number, and String.", name)
	case len(v.DataType) > 256:
		return invalidParameter("Length of message attribute type must be less than 256 bytes.")
	case len(v.StringListValues) > 0 || len(v.BinaryListValues) > 0:
		return sqsError("UnsupportedOperation", "Message attribute list values in SendMessage operation are not supported.")
	case kind == "Binary" && v.StringValue != nil:
		return invalidParameter("The message attribute '%s' with type 'Binary' must use field 'Binary'.", name)
	case kind != "Binary" && v.BinaryValue != nil:
		return invalidParameter("The message attribute '%s' with type '%s' must use field 'String'.", name, kind)
	case kind == "Binary" && len(v.BinaryValue) == 0, kind != "Binary" && v.text() == "":
		return invalidParameter("Message (user) attribute '%s' must contain a non-empty value of type '%s'.", name, v.DataType)
	case kind == "Number" && !isNumber(v.text()):
		return invalidParameter("Can't cast the value of message (user) attribute '%s' to a number.", name)
	}
	if c := forbidden(v.text()); c != "" {
		return sqsError("InvalidMessageContents",
			"Invalid binary character '%s' was found in the message attribute '%s', the set of allowed characters is %s", c, name, allowedCharacters)
	}
	return nil
}

var number = regexp.MustCompile(`^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,3})?$`)

// isNumber says whether s is a number as message attributes take it.
func isNumber(s string) bool {
	if !number.MatchString(s) {
		return false
	}
	_, ok := new(big.Float).SetString(s)
	return ok
}

// checkToken says what is wrong with a group id, a deduplication id or an
// attempt id: 1 to 128 characters, alphanumeric or punctuation.
func checkToken(parameter, value string) error {
	if token.MatchString(value) {
		return nil
	}
	return invalidValue(value, parameter, "%s can only include alphanumeric and punctuation characters. 1 to 128 in length.", parameter)
}

var token = regexp.MustCompile("^[A-Za-z0-9!\"#$%&'()*+,\\-./:;<=>?@\\[\\\\\\]^_`{|}~]{1,128}$")

var entryID = regexp.MustCompile(`^[A-Za-z0-9_-]{1,80}$`)
