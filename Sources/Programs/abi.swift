// The two functions that the engine calls, the same for every program. A program defines only
// `func job(_ input: UnsafeBufferPointer<UInt8>, _ task: UInt32) -> [UInt8]`; it is called once in a fresh instance.
// Input = the job's blob followed by the job's own bytes; an answer outside linear memory is a trap of the program.

@_expose(wasm, "alloc") @_cdecl("alloc")
public func alloc(_ count: UInt32) -> UInt32 {
    UInt32(UInt(bitPattern: UnsafeMutableRawPointer.allocate(byteCount: Int(count), alignment: 16)))
}

/// Returns `address << 32 | count` of the output.
@_expose(wasm, "run") @_cdecl("run")
public func run(_ address: UInt32, _ count: UInt32, _ task: UInt32) -> UInt64 {
    let input = UnsafeBufferPointer(start: UnsafePointer<UInt8>(bitPattern: UInt(address)), count: Int(count))
    let output = job(input, task)
    let bytes = UnsafeMutablePointer<UInt8>.allocate(capacity: output.count)
    for index in 0..<output.count { bytes[index] = output[index] }
    return UInt64(UInt(bitPattern: bytes)) << 32 | UInt64(output.count)
}
