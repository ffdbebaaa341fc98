namespace Proxy.Host.Observability.AccessLogging;

/// <summary>An open file that grows at its end.</summary>
internal interface ILogFile : IDisposable
{
    /// <summary>Its size in bytes, other writers' bytes included; null for what is no regular file and has none.</summary>
    long? Length { get; }

    /// <summary>Whether it is still what a path names.</summary>
    bool IsAt(string path);

    /// <returns>How many bytes were taken; zero when none are now.</returns>
    /// <exception cref="IOException">It takes none.</exception>
    int Write(ReadOnlySpan<byte> bytes);
}
