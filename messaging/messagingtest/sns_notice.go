package messagingtest

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"strings"
	"unicode/utf8"
)

// notice is what Publish and an entry of PublishBatch share.
type notice struct {
	Message         string                    `query:"Message"`
	Subject         *string                   `query:"Subject"`
	Structure       string                    `query:"MessageStructure"`
	Attributes      map[string]attributeValue `query:"MessageAttributes.entry"`
	DeduplicationID *string                   `query:"MessageDeduplicationId"`
	GroupID         *string                   `query:"MessageGroupId"`
}

// check says what is wrong with a notice for t.
func (n notice) check(t *topic) error {
	if n.Message == "" {
		return snsInvalid("Empty message")
	}
	if n.Subject != nil && !validSubject(*n.Subject) {
		return snsInvalid("Subject")
	}
	switch n.Structure {
	case "":
	case "json":
		if _, err := structured(n.Message); err != nil {
			return err
		}
	default:
		return snsInvalid("MessageStructure")
	}
	if err := checkNoticeAttributes("messageAttributes", n.Attributes); err != nil {
		return err
	}
	if messageSize(n.Message, n.Attributes) > t.maxSize() {
		return snsInvalid("Message too long")
	}
	return n.checkFIFO(t)
}

func validSubject(subject string) bool {
	return subject != "" && utf8.RuneCountInString(subject) <= 100 && !strings.ContainsAny(subject, "\r\n")
}

func (n notice) checkFIFO(t *topic) error {
	if !t.fifo {
		if n.DeduplicationID != nil {
			return snsInvalid("MessageDeduplicationId Reason: The request includes MessageDeduplicationId parameter that is not valid for this topic type")
		}
		if n.GroupID != nil && !token.MatchString(*n.GroupID) {
			return snsInvalid("MessageGroupId")
		}
		return nil
	}
	switch {
	case n.GroupID == nil:
		return snsInvalid("The MessageGroupId parameter is required for FIFO topics")
	case !token.MatchString(*n.GroupID):
		return snsInvalid("MessageGroupId")
	case n.DeduplicationID == nil && t.values["ContentBasedDeduplication"] != "true":
		return snsInvalid("The topic should either have ContentBasedDeduplication enabled or MessageDeduplicationId provided explicitly")
	case n.DeduplicationID != nil && !token.MatchString(*n.DeduplicationID):
		return snsInvalid("MessageDeduplicationId")
	}
	return nil
}

// structured reads a message of MessageStructure json: its strings by
// protocol. Other values are left out; of a key given twice the last counts.
func structured(message string) (map[string]string, error) {
	refuse := snsInvalid("Message Structure - JSON message body failed to parse")
	dec := json.NewDecoder(bytes.NewReader([]byte(message)))
	if open, err := dec.Token(); err != nil || open != json.Delim('{') {
		return nil, refuse
	}
	out := map[string]string{}
	for dec.More() {
		key, err := dec.Token()
		name, ok := key.(string)
		if err != nil || !ok {
			return nil, refuse
		}
		var value any
		if dec.Decode(&value) != nil {
			return nil, refuse
		}
		if text, ok := value.(string); ok {
			out[name] = text
		}
	}
	if _, err := dec.Token(); err != nil {
		return nil, refuse
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) { // something behind the object
		return nil, refuse
	}
	if _, ok := out["default"]; !ok {
		return nil, snsInvalid("Message Structure - No default entry in JSON message body")
	}
	return out, nil
}

// checkNoticeAttributes words what is wrong with attributes as SNS does.
func checkNoticeAttributes(place string, attributes map[string]attributeValue) error {
	for _, name := range sortedKeys(attributes) {
		if err := checkNoticeAttribute(place, name, attributes[name]); err != nil {
			return err
		}
	}
	return nil
}

func checkNoticeAttribute(place, name string, v attributeValue) error {
	refuse := func(format string, args ...any) error { return snsError("ParameterValueInvalid", format, args...) }
	kind := transportType(v.DataType)
	switch {
	case v.DataType == "":
		return snsError("ValidationError", "1 validation error detected: Value null at '%s.%s.member.dataType' failed to satisfy constraint: Member must not be null", place, name)
	case len(name) > 256:
		return refuse("Length of message attribute name must be less than 256 bytes.")
	case strings.HasPrefix(name, "."):
		return refuse("Invalid message attribute name starting with character '.' was found.")
	case strings.HasSuffix(name, "."):
		return refuse("Invalid message attribute name ending with character '.' was found.")
	case strings.Contains(name, ".."):
		return refuse("Message attribute name can not have successive '.' character.")
	}
	for _, r := range name {
		if !attributeName.MatchString(string(r)) {
			return refuse("Invalid non-alphanumeric character '#x%X' was found in the message attribute name. Can only include alphanumeric characters, hyphens, underscores, or dots.", r)
		}
	}
	switch {
	case kind != "String" && kind != "Number" && kind != "Binary":
		return refuse("The message attribute '%s' has an invalid message attribute type, the set of supported type prefixes is Binary, Number, and String.", name)
	case kind == "Binary" && v.BinaryValue == nil && v.StringValue != nil:
		return refuse("The message attribute '%s' with type 'Binary' must use field 'Binary'.", name)
	case kind != "Binary" && v.StringValue == nil && v.BinaryValue != nil:
		return refuse("The message attribute '%s' with type '%s' must use field 'String'.", name, kind)
	case kind == "Binary" && len(v.BinaryValue) == 0, kind != "Binary" && v.text() == "":
		return refuse("The message attribute '%s' must contain non-empty message attribute value for message attribute type '%s'.", name, v.DataType)
	case kind == "Number" && !isNumber(v.text()):
		return refuse("Could not cast message attribute '%s' value to number.", name)
	}
	return nil
}
