using Proxy.Configuration.Reading;

namespace Proxy.Host.Contracts;

/// <summary>What is wrong with a configuration, and where.</summary>
/// <param name="Path">The configuration path; empty for the document as a whole.</param>
/// <param name="File">The file it is in, when known.</param>
/// <param name="Line">The line in that file, from 1, when known.</param>
/// <param name="Message">What is wrong and what would be right.</param>
/// <param name="Text">All of it in one line, as <c>proxy check</c> prints it.</param>
internal sealed record Problem(string Path, string? File, int? Line, string Message, string Text)
{
    public static Problem Of(ConfigProblem problem) => new(problem.Path, problem.File, problem.Line, problem.Message, problem.ToString());
}
