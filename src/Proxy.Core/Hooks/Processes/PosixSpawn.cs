using System.Runtime.InteropServices;

namespace Proxy.Hooks.Processes;

/// <summary>
/// The system calls that start, await and kill a process on Linux. Constants and layouts are the same for x64 and arm64, glibc and musl.
/// What differs (posix_spawn's objects, of at most 336 bytes) is opaque and given enough space.
/// </summary>
internal static unsafe partial class PosixSpawn
{
    public const int ObjectBytes = 1024;
    public const int SignalSetBytes = 128;
    public const int SignalInfoBytes = 128;
    public const int SignalInfoCode = 8; // si_code
    public const int SignalInfoStatus = 24; // si_status, after si_pid and si_uid at 16
    public const int CodeExited = 1; // CLD_EXITED
    public const short SetSignalDefaults = 0x04;
    public const short SetSignalMask = 0x08;
    public const short SetSession = 0x80;
    public const int ById = 1; // P_PID
    public const int WaitExited = 4;
    public const int WaitKeep = 0x01000000; // WNOWAIT
    public const int SignalKill = 9;
    public const int SignalStop = 19;
    public const int LastStandardSignal = 31;

    private const string Library = "libc";

    // Functions named posix_… return the error; the others set errno.
    [LibraryImport(Library, EntryPoint = "posix_spawnp")]
    public static partial int Spawn(int* process, byte* file, byte* actions, byte* attributes, byte** arguments, byte** environment);

    [LibraryImport(Library, EntryPoint = "posix_spawnattr_init")]
    public static partial int InitAttributes(byte* attributes);

    [LibraryImport(Library, EntryPoint = "posix_spawnattr_destroy")]
    public static partial int DestroyAttributes(byte* attributes);

    [LibraryImport(Library, EntryPoint = "posix_spawnattr_setflags")]
    public static partial int SetFlags(byte* attributes, short flags);

    [LibraryImport(Library, EntryPoint = "posix_spawnattr_setsigdefault")]
    public static partial int SetDefaultSignals(byte* attributes, byte* signals);

    [LibraryImport(Library, EntryPoint = "posix_spawnattr_setsigmask")]
    public static partial int SetBlockedSignals(byte* attributes, byte* signals);

    [LibraryImport(Library, EntryPoint = "posix_spawn_file_actions_init")]
    public static partial int InitActions(byte* actions);

    [LibraryImport(Library, EntryPoint = "posix_spawn_file_actions_destroy")]
    public static partial int DestroyActions(byte* actions);

    [LibraryImport(Library, EntryPoint = "posix_spawn_file_actions_adddup2")]
    public static partial int AddDuplicate(byte* actions, int descriptor, int number);

    [LibraryImport(Library, EntryPoint = "waitid")]
    public static partial int WaitId(int kind, int id, byte* info, int options);

    [LibraryImport(Library, EntryPoint = "waitpid")]
    public static partial int WaitProcess(int process, int* status, int options);

    [LibraryImport(Library, EntryPoint = "kill")]
    public static partial int Kill(int process, int signal);
}
