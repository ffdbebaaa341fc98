using System.Diagnostics.CodeAnalysis;
using System.Text;
using Microsoft.Extensions.Logging;

namespace Proxy.Etcd.Membership;

/// <summary>
/// The epochs of earlier processes with the same state file. The file is locked for as long as this process lives, so those that have written to it have
/// ended, and their records can be replaced before their leases are over.
/// </summary>
internal sealed partial class FormerEpochs : IDisposable
{
    private const int MostKept = 8; // of processes that end soon after their start
    private const int MostBytes = 4096;

    private readonly FileStream? _file;
    private readonly IReadOnlyList<string> _epochs;

    private FormerEpochs(FileStream? file, IReadOnlyList<string> epochs) => (_file, _epochs) = (file, epochs);

    /// <summary>Whether the process with this epoch is one that has ended for certain.</summary>
    public bool Contains(string epoch) => _epochs.Contains(epoch, StringComparer.Ordinal);

    /// <summary>Reads the file, and adds the epoch of this process. A file that cannot be used is as good as none.</summary>
    [SuppressMessage("Reliability", "CA2000", Justification = "Disposed with the object, or here on failure.")]
    public static FormerEpochs Open(string path, string epoch, ILogger logger)
    {
        FileStream? file = null;
        try
        {
            file = new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            var bytes = new byte[(int)Math.Min(file.Length, MostBytes)];
            file.ReadExactly(bytes);
            var former = Encoding.UTF8.GetString(bytes).Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
            file.SetLength(0);
            file.Write(Encoding.UTF8.GetBytes(string.Join('\n', former.Prepend(epoch).Take(MostKept)) + '\n'));
            file.Flush();
            return new FormerEpochs(file, former);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            file?.Dispose();
            Log.Unusable(logger, path, exception.Message);
            return new FormerEpochs(null, []);
        }
    }

    /// <inheritdoc />
    public void Dispose() => _file?.Dispose();

    private static partial class Log
    {
        [LoggerMessage(
            LogLevel.Warning,
            "{Path} cannot be used, so after a crash this instance is published again only when the lease of its last process is over: {Reason}"
        )]
        public static partial void Unusable(ILogger logger, string path, string reason);
    }
}
