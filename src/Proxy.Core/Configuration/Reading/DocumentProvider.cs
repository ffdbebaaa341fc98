using Microsoft.Extensions.Configuration;

namespace Proxy.Configuration.Reading;

/// <summary>A JSON document as a layer of a configuration: its last valid content stays in use when an edit is invalid.</summary>
public abstract class DocumentProvider : ConfigurationProvider
{
    /// <summary>What the names of documents begin with that the engine holds.</summary>
    internal const string EnginePrefix = "etcd:";

    private JsonFileContent _good = JsonFileContent.Empty;
    private volatile JsonFileContent _current = JsonFileContent.Empty;

    private protected DocumentProvider() { }

    /// <summary>The name by which problems tell where they are: the path of a file, or <c>etcd:</c> and the name of a document that hosts share.</summary>
    public abstract string Name { get; }

    /// <summary>Why the newest content is not used; null if it is.</summary>
    public ConfigProblem? Problem => _current.Problems is [var first, ..] ? first : null;

    /// <summary>
    /// The content to check: the last valid one, or a newer one whose only problem is ambiguous keys, so that its other errors are found
    /// too.
    /// </summary>
    internal JsonFileContent Current => _current;

    /// <summary>The file of this machine that it is read from; null if there is none.</summary>
    internal abstract string? LocalFile { get; }

    /// <summary>How hosts share it; null if they do not.</summary>
    internal virtual SharedDocumentState? Shared => null;

    /// <summary>The line of a configuration path, from 1; null if it is not in the document.</summary>
    /// <param name="path">A path such as ReverseProxy:TcpRoutes:redis.</param>
    public int? LineOf(string path) => _current.Lines.TryGetValue(path, out var line) ? line : null;

    /// <summary>The document as it is now, whether it is used or not.</summary>
    internal abstract ConfigFile Describe(SecretPlace root);

    /// <summary>A provider of the newest content; this one if that is not valid.</summary>
    internal virtual DocumentProvider Newest() => this;

    /// <summary>A revision runs that was read with this version of the document.</summary>
    internal virtual void Runs(long version) { }

    /// <summary>What is wrong with a content that is valid JSON, besides what every reader finds.</summary>
    private protected virtual IEnumerable<ConfigProblem> Check(JsonFileContent content) => [];

    /// <summary>What is allowed in a content and probably not intended.</summary>
    private protected virtual IEnumerable<ConfigProblem> Doubts(JsonFileContent content) => [];

    /// <summary>Takes a new content: it is in use if it is valid. One caller at a time.</summary>
    private protected void Take(byte[] text, long version)
    {
        var read = JsonFileParser.Parse(text, Name, out var found);
        var problems = read is null ? found : [.. found, .. Check(read)];
        read = read is null ? null : read with { Version = version, Warnings = [.. Doubts(read)] };
        if (read is not null && problems.Count == 0)
        {
            Data = read.Values;
            _good = read;
        }

        _current = (read ?? _good) with { Problems = problems };
    }

    /// <summary>Keeps the last valid content, since there is no other; false if the reason is not new. One caller at a time.</summary>
    private protected bool Refuse(string message)
    {
        var before = Problem;
        _current = _good with { Problems = [new ConfigProblem("", message, Name)] };
        return Problem != before;
    }

    /// <summary>Signals that the content, or its problem, is another one.</summary>
    private protected void Notify()
    {
        try
        {
            OnReload();
        }
        catch (Exception)
        {
            // An exception of a listener must not end the process from a timer; listeners log their own failures.
        }
    }
}
