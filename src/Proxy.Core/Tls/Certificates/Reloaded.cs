using System.Security.Cryptography;

namespace Proxy.Tls.Certificates;

/// <summary>What a reading of files has found.</summary>
internal enum Reading
{
    /// <summary>The content is the one that is in use.</summary>
    Unchanged,

    /// <summary>New content is in use.</summary>
    Replaced,

    /// <summary>The content cannot be used, for a reason that the reading before did not find.</summary>
    Failed,

    /// <summary>The content cannot be used, as before.</summary>
    StillFailed,
}

/// <summary>
/// Something that is made of files: the last content that could be used, and what is wrong with the newest. Files are compared by a hash of their content
/// rather than by their time: mounted secrets are links whose time never changes, and a copy may keep the time of the file that it replaces.
/// </summary>
/// <param name="paths">The files.</param>
/// <param name="load">Makes the thing of their content; gets the one in use, null at first. Throws <see cref="CertificateException"/> if it cannot be used.</param>
/// <param name="time">The clock that says since when.</param>
/// <remarks>One caller at a time reads the files; the value can be read by any thread at any time, and that never reads a file.</remarks>
internal sealed class Reloaded<T>(IReadOnlyList<string> paths, Func<IReadOnlyList<byte[]>, T?, T> load, TimeProvider time)
    where T : class
{
    /// <summary>How long a reading may take before it is a problem.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private byte[]? _stamp;
    private long _begun; // when the reading has begun that is under way, in ticks of UTC; 0 if none is
    private volatile State _state = new(null, default, null, default);

    /// <summary>What is in use; null before the first reading that succeeded.</summary>
    public T? Value => _state.Value;

    /// <summary>Since when that is in use.</summary>
    public DateTimeOffset Since => _state.Since;

    /// <summary>Why the newest content is not used, and since when that is so; null if it is.</summary>
    public (string Text, DateTimeOffset Since)? Problem =>
        Slow is { } slow ? slow
        : _state is { Problem: { } problem, ProblemSince: var since } ? (problem, since)
        : null;

    /// <summary>A reading that has not ended for 30 s, as on a disk of the network that does not answer; null if there is none.</summary>
    public (string Text, DateTimeOffset Since)? Slow =>
        Volatile.Read(ref _begun) is > 0 and var ticks
        && new DateTimeOffset(ticks, TimeSpan.Zero) is var begun
        && time.GetUtcNow() - begun > Patience
            ? ($"{string.Join(" or ", paths)} does not answer since {begun.UtcDateTime:u}, and no other file is read until it does", begun)
            : null;

    /// <summary>Reads the files, and uses their content if it has changed and can be used.</summary>
    public Reading Read()
    {
        Volatile.Write(ref _begun, time.GetUtcNow().UtcTicks);
        try
        {
            var contents = paths.Select(CertificateFile.Read).ToList();
            var stamp = Stamp(contents);
            var isNew = _state.Value is null || !stamp.AsSpan().SequenceEqual(_stamp);
            if (isNew)
            {
                _state = new(load(contents, _state.Value), time.GetUtcNow(), null, default);
                _stamp = stamp;
                return Reading.Replaced;
            }

            _state = _state.Problem is null ? _state : _state with { Problem = null };
            return Reading.Unchanged;
        }
        catch (CertificateException exception)
        {
            return Fail(exception.Message);
        }
        catch (Exception exception) when (exception is not OutOfMemoryException)
        {
            return Fail($"{paths[0]} cannot be used: {exception.Message}"); // others have to be read all the same
        }
        finally
        {
            Volatile.Write(ref _begun, 0);
        }
    }

    /// <summary>What the first reading has found.</summary>
    /// <exception cref="CertificateException">It cannot be used.</exception>
    public T First() => Value ?? (Read() is Reading.Replaced ? Value! : throw new CertificateException(_state.Problem!));

    private Reading Fail(string problem)
    {
        var before = _state;
        _state = before with { Problem = problem, ProblemSince = before.Problem is null ? time.GetUtcNow() : before.ProblemSince };
        return before.Problem == problem ? Reading.StillFailed : Reading.Failed;
    }

    private static byte[] Stamp(List<byte[]> contents)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var content in contents)
        {
            hash.AppendData(BitConverter.GetBytes(content.Length));
            hash.AppendData(content);
        }

        return hash.GetHashAndReset();
    }

    private sealed record State(T? Value, DateTimeOffset Since, string? Problem, DateTimeOffset ProblemSince);
}
