using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Proxy.Host.Observability.AccessLogging;

/// <summary>
/// A file opened with O_APPEND, which .NET does not support: several programs may write to it, and another program may truncate it. It is
/// opened with O_NONBLOCK, so that a named pipe without a reader, or with a slow one, does not block the writer.
/// </summary>
internal sealed unsafe partial class LinuxLogFile : ILogFile
{
    private const int WriteOnly = 1;
    private const int Create = 0x40;
    private const int Append = 0x400;
    private const int NonBlock = 0x800;
    private const int CloseOnExec = 0x80000;
    private const int OwnerAndGroup = 0x1A0; // 0640, because the log contains addresses of clients

    private const int Interrupted = 4;
    private const int NoReader = 6; // ENXIO
    private const int Again = 11;

    private const int StatusSize = 256;
    private const int CurrentFolder = -100;
    private const int EmptyPath = 0x1000;
    private const uint BasicStatus = 0x7ff;
    private const int TypeMask = 0xF000;
    private const int RegularFile = 0x8000;

    private readonly SafeFileHandle _handle;
    private readonly (ulong Device, ulong Number) _identity;

    /// <exception cref="IOException">The file cannot be opened.</exception>
    /// <exception cref="NoReaderException">The path is a named pipe without a reader.</exception>
    public LinuxLogFile(string path)
    {
        if (path.Contains('\0', StringComparison.Ordinal))
        {
            throw new IOException("its path contains a zero byte."); // the kernel would open the part of the path before it
        }

        var descriptor = Libc.Open(path, WriteOnly | Create | Append | NonBlock | CloseOnExec, OwnerAndGroup);
        if (descriptor < 0)
        {
            var error = Marshal.GetLastPInvokeError();
            throw error == NoReader ? new NoReaderException() : new IOException(Marshal.GetPInvokeErrorMessage(error) + ".");
        }

        _handle = new SafeFileHandle(descriptor, ownsHandle: true);
        _identity = Identity(Status("")) ?? default;
    }

    public long? Length => Status("") is { } status && (status.Mode & TypeMask) == RegularFile ? (long)status.Size : null;

    public bool IsAt(string path) => Identity(Status(path)) == _identity;

    public int Write(ReadOnlySpan<byte> bytes)
    {
        while (true)
        {
            fixed (byte* start = bytes)
            {
                var count = (int)Libc.Write(_handle, start, (nuint)bytes.Length);
                if (count >= 0)
                {
                    return count;
                }
            }

            var error = Marshal.GetLastPInvokeError();
            if (error == Again)
            {
                return 0;
            }

            if (error != Interrupted)
            {
                throw new IOException(Marshal.GetPInvokeErrorMessage(error) + ".");
            }
        }
    }

    public void Dispose() => _handle.Dispose();

    private static (ulong Device, ulong Number)? Identity(FileStatus? status) =>
        status is { } value ? (((ulong)value.DeviceMajor << 32) | value.DeviceMinor, value.Number) : null;

    private FileStatus? Status(string path)
    {
        FileStatus status;
        var result =
            path.Length == 0
                ? Libc.Status((int)_handle.DangerousGetHandle(), "", EmptyPath, BasicStatus, &status)
                : Libc.Status(CurrentFolder, path, 0, BasicStatus, &status);
        return result == 0 ? status : null;
    }

    // struct statx, which is the same on all architectures
    [StructLayout(LayoutKind.Explicit, Size = StatusSize)]
    private struct FileStatus
    {
        [FieldOffset(28)]
        public ushort Mode;

        [FieldOffset(32)]
        public ulong Number;

        [FieldOffset(40)]
        public ulong Size;

        [FieldOffset(136)]
        public uint DeviceMajor;

        [FieldOffset(140)]
        public uint DeviceMinor;
    }

    private static partial class Libc
    {
        private const string Library = "libc";

        [LibraryImport(Library, EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
        public static partial int Open(string path, int flags, int mode);

        [LibraryImport(Library, EntryPoint = "write", SetLastError = true)]
        public static partial nint Write(SafeFileHandle file, byte* bytes, nuint count);

        [LibraryImport(Library, EntryPoint = "statx", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
        public static partial int Status(int folder, string path, int flags, uint mask, FileStatus* status);
    }
}
