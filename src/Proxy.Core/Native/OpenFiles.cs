using System.Globalization;

namespace Proxy.Native;

/// <summary>The descriptors of this process.</summary>
internal static unsafe class OpenFiles
{
    private const string Folder = "/proc/self/fd";
    private const int StatxSize = 256; // struct statx is the same on every architecture
    private const int SizeOffset = 40;
    private const uint Size = 0x200;
    private const int FromWorkingDirectory = -100;

    /// <summary>Counts the open descriptors.</summary>
    /// <returns>The count; <see cref="int.MaxValue"/> if there is no descriptor left to count them.</returns>
    public static int Count()
    {
        // Since Linux 6.2 the size of the folder is the number of its entries; before, it is 0.
        var found = stackalloc byte[StatxSize];
        if (TryStatus(found) && *(ulong*)(found + SizeOffset) is > 0 and <= int.MaxValue and var size)
        {
            return (int)size;
        }

        try
        {
            return Directory.EnumerateFileSystemEntries(Folder).Count();
        }
        catch (IOException)
        {
            return int.MaxValue;
        }
    }

    /// <summary>How many the process may have (RLIMIT_NOFILE); <see cref="int.MaxValue"/> on systems that do not report it.</summary>
    public static int ReadLimit()
    {
        if (!OperatingSystem.IsLinux())
        {
            return int.MaxValue;
        }

        // "Max open files            1024                 524288               files", or "unlimited" as the number.
        const string Name = "Max open files";
        var line = File.ReadLines("/proc/self/limits").FirstOrDefault(static line => line.StartsWith(Name, StringComparison.Ordinal));
        var soft = line?[Name.Length..].Split(' ', StringSplitOptions.RemoveEmptyEntries)[0];
        return int.TryParse(soft, CultureInfo.InvariantCulture, out var limit) ? limit : int.MaxValue;
    }

    private static bool TryStatus(byte* found)
    {
        try
        {
            fixed (byte* path = "/proc/self/fd\0"u8)
            {
                return Libc.Statx(FromWorkingDirectory, path, 0, Size, found) == 0;
            }
        }
        catch (EntryPointNotFoundException)
        {
            return false; // a C library from before 2018
        }
    }
}
