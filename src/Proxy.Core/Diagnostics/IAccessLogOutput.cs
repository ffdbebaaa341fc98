namespace Proxy.Diagnostics;

/// <summary>An output of the access log. Called by one thread of its own, which it may block.</summary>
public interface IAccessLogOutput : IDisposable
{
    /// <summary>Opens the output if necessary. Called before each write.</summary>
    /// <returns>Whether it is a new file or stream, so that a line which was partly written is written again as a whole.</returns>
    /// <exception cref="IOException">It cannot be opened, and will be tried again later.</exception>
    bool Open();

    /// <summary>Writes bytes from the start of <paramref name="lines"/>.</summary>
    /// <param name="lines">Lines in UTF-8, each with its line end; the first may be the rest of a line.</param>
    /// <returns>The number of bytes that were written; zero if none can be written at the moment.</returns>
    /// <exception cref="IOException">Writing has failed, and will be tried again later.</exception>
    int Write(ReadOnlySpan<byte> lines);

    /// <summary>Opens the output again before the next write, for example after a file was renamed. Thread-safe.</summary>
    void Reopen();
}
