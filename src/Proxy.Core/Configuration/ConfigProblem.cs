namespace Proxy.Configuration;

/// <summary>One thing that is wrong with a configuration.</summary>
/// <param name="Path">The key, joined by colons.</param>
/// <param name="Message">What is wrong and what would be right.</param>
/// <param name="File">The file that says so, if one does.</param>
/// <param name="Line">The line there, from 1.</param>
public sealed record ConfigProblem(string Path, string Message, string? File = null, int? Line = null)
{
    /// <inheritdoc />
    public override string ToString()
    {
        var place =
            File is null ? ""
            : Line is null ? $"{File}: "
            : $"{File}:{Line}: ";
        return Path.Length == 0 ? place + Message : $"{place}{Path}: {Message}";
    }
}
