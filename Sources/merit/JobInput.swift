// The input of a job from files: one, or a large one that stays published and one that follows it in the job itself.
import ArgumentParser
import Chain
import Primitives

struct JobInput: ParsableArguments {
    @Option(
        name: .customLong("input"),
        help: ArgumentHelp(
            "The input of every task. Given twice, the first is published and can serve many jobs (a model), the "
                + "second travels in the job and follows it (a prompt).", valueName: "file"))
    var files: [String] = []

    func validate() throws {
        guard files.count <= 2 else { throw ValidationError("--input is given once or twice") }
    }

    struct Content {
        /// What may be published.
        let blob: Bytes
        /// What follows it in the job.
        let own: Bytes
        /// The blob is to be published whatever its size.
        let isPublished: Bool
        var joined: Bytes { blob + own }
    }

    func load() throws -> Content {
        let parts = try files.map(ProgramFile.load)
        let content = Content(
            blob: parts.first ?? [], own: parts.count > 1 ? parts[1] : [], isPublished: parts.count > 1)
        guard content.own.count <= JobLimits.jobBytesMax else {
            throw ValidationError("the second --input has \(content.own.count) bytes, at most \(JobLimits.jobBytesMax)")
        }
        return content
    }
}
