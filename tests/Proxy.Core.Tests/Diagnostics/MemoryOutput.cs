using System.Text;
using Proxy.Diagnostics;

namespace Proxy.Core.Tests.Diagnostics;

/// <summary>An output that keeps what is written, and fails or blocks as a test says.</summary>
[System.Diagnostics.CodeAnalysis.SuppressMessage("Usage", "CA2213", Justification = "The writer may still wait on it.")]
internal sealed class MemoryOutput : IAccessLogOutput
{
    private readonly Lock _gate = new(); // guards _text
    private readonly StringBuilder _text = new();
    private readonly ManualResetEventSlim _open = new(true);
    private volatile int _most = int.MaxValue;
    private volatile bool _failing;
    private volatile bool _anew = true;

    public TaskCompletionSource Entered { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public bool Closed { get; private set; }

    public int Reopened { get; private set; }

    public string Text
    {
        get
        {
            lock (_gate)
            {
                return _text.ToString();
            }
        }
    }

    public IReadOnlyList<string> Lines => Text.Split('\n', StringSplitOptions.RemoveEmptyEntries);

    /// <summary>Whether every write fails, as on a full disk.</summary>
    public void Fail(bool failing) => _failing = failing;

    /// <summary>Takes so many bytes at once at most.</summary>
    public void Take(int most) => _most = most;

    /// <summary>Is another file from now on.</summary>
    public void Replace()
    {
        lock (_gate)
        {
            _text.Append("|\n");
            _anew = true;
        }
    }

    /// <summary>Keeps the thread that writes, as a pipe does, or lets it go.</summary>
    public void Block(bool blocked)
    {
        if (blocked)
        {
            _open.Reset();
        }
        else
        {
            _open.Set();
        }
    }

    public bool Open()
    {
        var anew = _anew;
        _anew = false;
        return anew;
    }

    public int Write(ReadOnlySpan<byte> lines)
    {
        Entered.TrySetResult();
        _open.Wait();
        if (_failing)
        {
            throw new IOException("No space left on device.");
        }

        var count = Math.Min(lines.Length, _most);
        lock (_gate)
        {
            _text.Append(Encoding.UTF8.GetString(lines[..count]));
        }

        return count;
    }

    public void Reopen() => Reopened++;

    public void Dispose()
    {
        Closed = true;
        _open.Set();
    }
}
