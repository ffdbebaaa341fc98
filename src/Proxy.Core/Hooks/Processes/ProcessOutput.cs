using Proxy.Configuration.Reading;

namespace Proxy.Hooks.Processes;

/// <summary>
/// Logs the output of a process line by line, up to a number and length of lines. All output is read; further lines are counted and
/// dropped.
/// </summary>
/// <param name="secrets">The secrets to mask in the lines.</param>
/// <param name="write">Receives the name of the stream and a line that is safe to log.</param>
internal sealed class ProcessOutput(SecretValues secrets, Action<string, string> write)
{
    public const int MaxLines = 200; // of both streams together
    public const int MaxLineLength = 1000;
    private readonly Lock _gate = new(); // guards all fields below
    private int _lines;
    private long _dropped;

    /// <summary>The last line of standard error that was not empty; null if there is none.</summary>
    public string? LastError { get; private set; }

    /// <summary>The number of lines that were dropped.</summary>
    public long Dropped
    {
        get
        {
            lock (_gate)
            {
                return _dropped;
            }
        }
    }

    /// <summary>Reads standard output to its end.</summary>
    public Task ReadOutputAsync(Stream stream, CancellationToken cancellationToken) =>
        ReadAsync(stream, line => Add("stdout", line), cancellationToken);

    /// <summary>Reads standard error to its end.</summary>
    public Task ReadErrorsAsync(Stream stream, CancellationToken cancellationToken) => ReadAsync(stream, AddError, cancellationToken);

    // Disposes the stream and never fails. It may continue long after the process has ended.
    private async Task ReadAsync(Stream stream, Action<string> add, CancellationToken cancellationToken)
    {
        var lines = new LineSplitter(MaxLineLength, secrets, add);
        var bytes = new byte[4096];
        try
        {
            while (await stream.ReadAsync(bytes, cancellationToken) is var count and > 0)
            {
                lines.Add(bytes.AsSpan(0, count));
            }
        }
        catch (Exception exception) when (exception is IOException or OperationCanceledException)
        {
            // Everything available has been read.
        }
        finally
        {
            lines.End();
            await stream.DisposeAsync();
        }
    }

    private void AddError(string line)
    {
        if (line.Length > 0)
        {
            lock (_gate)
            {
                LastError = line;
            }
        }

        Add("stderr", line);
    }

    private void Add(string stream, string line)
    {
        lock (_gate)
        {
            if (++_lines > MaxLines)
            {
                _dropped++;
                return;
            }
        }

        write(stream, line);
    }
}
