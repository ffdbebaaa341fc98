using Proxy.Configuration.Reading;

namespace Proxy.Host.Contracts;

/// <summary>An error or a warning of a configuration.</summary>
/// <param name="Path">The configuration path; empty for the document as a whole.</param>
/// <param name="File">The file that contains it, when known.</param>
/// <param name="Line">The line in that file, from 1, when known.</param>
/// <param name="Message">What is wrong and what would be right.</param>
/// <param name="Text">Path, file, line and message in one line, as <c>proxy check</c> prints it.</param>
internal sealed record Problem(string Path, string? File, int? Line, string Message, string Text)
{
    public static Problem Of(ConfigProblem problem) => new(problem.Path, problem.File, problem.Line, problem.Message, problem.ToString());
}
