namespace Proxy.Diagnostics;

/// <summary>Where the access log goes. Called by one thread of its own, which may be kept waiting.</summary>
public interface IAccessLogOutput : IDisposable
{
    /// <summary>Opens it where that is needed. Called before each write.</summary>
    /// <returns>Whether it is another one than before: a line that was begun there is begun anew.</returns>
    /// <exception cref="IOException">It cannot be opened, and is tried again later.</exception>
    bool Open();

    /// <summary>Writes from the beginning of <paramref name="lines"/>.</summary>
    /// <param name="lines">Lines in UTF-8, each with its end; the first may be the rest of one.</param>
    /// <returns>How many bytes it took; zero when it takes none now, and may soon.</returns>
    /// <exception cref="IOException">It cannot take any, and is tried again later.</exception>
    int Write(ReadOnlySpan<byte> lines);

    /// <summary>Opens it anew before the next write, as after a file was renamed. From any thread.</summary>
    void Reopen();
}
