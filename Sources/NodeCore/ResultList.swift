// The results of a block as they are stored in `Table.results`.
package import Chain
package import Codec

/// One result per item, in order.
package struct ResultList: Message {
    package let results: [ItemResult]

    package init(results: [ItemResult]) { self.results = results }

    package func encode(into encoder: inout Encoder) { encoder.messages(1, results) }

    package init(from decoder: inout Decoder) throws(DecodeError) {
        results = try decoder.messages(1, count: Block.itemsMax)
    }
}
