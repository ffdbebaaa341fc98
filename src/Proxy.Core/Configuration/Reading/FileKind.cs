using System.Runtime.InteropServices;
using System.Text;

namespace Proxy.Configuration.Reading;

/// <summary>
/// What .NET does not say of a file: whether it is a special one, since opening a named pipe would wait for a writer, and whether it still has
/// a name.
/// </summary>
internal static class FileKind
{
    // struct statx is the same on every architecture: the mode, of 16 bits, comes after five fields of 32 bits and one of 64.
    private const int StatxSize = 256;
    private const int LinksOffset = 16;
    private const int ModeOffset = 28;
    private const uint Type = 1;
    private const uint Links = 4;
    private const int FromWorkingDirectory = -100;

    private const int TypeBits = 0xF000;
    private const int Fifo = 0x1000;
    private const int CharacterDevice = 0x2000;
    private const int BlockDevice = 0x6000;
    private const int Socket = 0xC000;

    /// <summary>
    /// Whether the file is a pipe, a device or a socket, following links. False if it does not exist, or the kind cannot be determined.
    /// </summary>
    public static bool IsSpecial(string path) =>
        Look(path, Type) is { } found
        && (BitConverter.ToUInt16(found, ModeOffset) & TypeBits) is Fifo or CharacterDevice or BlockDevice or Socket;

    /// <summary>
    /// Whether the path still leads to a file whose last name is gone: the file of a bind mount was replaced or deleted at the host. False if
    /// that cannot be determined.
    /// </summary>
    public static bool IsUnlinked(string path) => Look(path, Links) is { } found && BitConverter.ToUInt32(found, LinksOffset) == 0;

    private static byte[]? Look(string path, uint fields)
    {
        if (!OperatingSystem.IsLinux())
        {
            return null;
        }

        try
        {
            var found = new byte[StatxSize];
            return
                statx(FromWorkingDirectory, Encoding.UTF8.GetBytes(path + '\0'), 0, fields, found) == 0
                && (BitConverter.ToUInt32(found) & fields) != 0
                ? found
                : null;
        }
        catch (TypeLoadException)
        {
            // The C library has no such function; it is from before 2018.
            return null;
        }
    }

    [DllImport("libc")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int statx(int directory, byte[] path, int flags, uint mask, byte[] result);
}
