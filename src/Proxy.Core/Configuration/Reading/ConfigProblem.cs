namespace Proxy.Configuration.Reading;

/// <summary>A problem of a configuration and its place.</summary>
/// <param name="Path">The configuration path, such as ReverseProxy:TcpRoutes:redis:ClusterId.</param>
/// <param name="Message">What is wrong, and what would be right.</param>
/// <param name="File">The file, or the name of a document that hosts share, such as etcd:fleet; null if it is not known.</param>
/// <param name="Line">The line in that file, from 1; null if it is not known.</param>
public sealed record ConfigProblem(string Path, string Message, string? File = null, int? Line = null)
{
    /// <summary>The problem on one line, for people.</summary>
    public override string ToString()
    {
        var place = (File, Line) switch
        {
            ({ } file, { } line) when file.StartsWith(DocumentProvider.EnginePrefix, StringComparison.Ordinal) => $"{file} line {line}: ",
            ({ } file, { } line) => $"{file}:{line}: ",
            ({ } file, null) => $"{file}: ",
            _ => "",
        };
        return Printable.Escape(Path.Length == 0 ? $"{place}{Message}" : $"{place}{Path}: {Message}");
    }
}
